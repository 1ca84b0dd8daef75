//! What is counted: pushes of this client and of the bare loops, over a server in memory, each
//! connected, warm and with its devices at hand before the counting begins; and the parts that a
//! push is made of.

mod backend;
pub mod parts;
mod peer;
mod pushes;

pub use peer::{Pipe, TokioPipe};
pub use pushes::{Anypush, Bare, PUSHES};
