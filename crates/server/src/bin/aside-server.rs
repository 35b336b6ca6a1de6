//! The command line of the room server.

fn main() {}
