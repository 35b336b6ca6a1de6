//! What the store promises, tried from outside through its public face.

mod crash;
mod damage;
mod model;
mod outbox;
mod paging;
mod rows;
mod seq;
mod seq_model;
mod support;
