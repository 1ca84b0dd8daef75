//! `anypush keys`: making keys, and showing what is public of them.

pub(crate) mod vapid;
mod write;
