//! Error codes of RST_STREAM and GOAWAY (RFC 9113, section 7).

use std::fmt;

/// Why a stream or a connection ends; any number is possible on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode(pub u32);

macro_rules! codes {
    ($($value:literal $name:ident,)*) => {
        impl ErrorCode {
            $(#[doc = concat!("`", stringify!($name), "`")]
            pub const $name: Self = Self($value);)*
        }

        impl fmt::Debug for ErrorCode {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.0 {
                    $($value => f.write_str(stringify!($name)),)*
                    other => write!(f, "{other:#x}"),
                }
            }
        }
    };
}

codes! {
    0x0 NO_ERROR,
    0x1 PROTOCOL_ERROR,
    0x2 INTERNAL_ERROR,
    0x3 FLOW_CONTROL_ERROR,
    0x4 SETTINGS_TIMEOUT,
    0x5 STREAM_CLOSED,
    0x6 FRAME_SIZE_ERROR,
    0x7 REFUSED_STREAM,
    0x8 CANCEL,
    0x9 COMPRESSION_ERROR,
    0xa CONNECT_ERROR,
    0xb ENHANCE_YOUR_CALM,
    0xc INADEQUATE_SECURITY,
    0xd HTTP_1_1_REQUIRED,
}
