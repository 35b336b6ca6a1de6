//! The arithmetic of order: which number puts a row between two others.

/// Places of settled rows are below this, echoes at and above it.
pub(crate) const ECHO_BASE: i64 = 1 << 52;
