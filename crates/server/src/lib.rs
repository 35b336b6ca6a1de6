//! The room server: the reference for the protocol, run by `aside-server`, hosted in the app, used by every test.
//!
//! Reading order: [`config`] (what an owner may choose), [`running`] ([`start`] and [`Running`]), [`rooms`] (what an
//! owner may do: rooms, tokens, publishing). [`probe`] is for tests that want to see what clients did.

pub mod config;
pub mod probe;
pub mod rooms;
pub mod running;

pub use config::{Clock, Config, Limits};
pub use probe::{ConnectionTrace, Probe, RequestTrace};
pub use rooms::{
    Answering, Issued, NewEntry, Placed, RoomInfo, RoomSpec, Rooms, RoomsError, TokenId, TokenInfo,
    TokenSpec,
};
pub use running::{Running, ServerError, start};
