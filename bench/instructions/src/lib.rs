//! What is counted: pushes of this project's clients and of the bare loops, over a server in memory,
//! each connected, warm and with its devices at hand before the counting begins; and the parts that a
//! push is made of.

mod backend;
mod gateway;
mod http2;
mod messages;
mod notifications;
pub mod parts;
mod pipe;
mod pushes;

pub use messages::{AnypushFcm, BareFcm};
pub use notifications::{AnypushGateway, BareGateway};
pub use pushes::{Anypush, Bare, PUSHES};
