//! Who does the work: one desk with both files ([`desk`]), one thread that writes ([`writer`]), two that read
//! ([`readers`]).

pub(crate) mod desk;
pub(crate) mod readers;
pub(crate) mod writer;
