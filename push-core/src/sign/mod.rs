//! Signatures: for provider tokens, and for the assertions that access tokens are given for.

mod es256;
mod rs256;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Result;

pub use es256::Es256Key;
pub use rs256::Rs256Key;

/// A JWS in compact form (RFC 7515) of a header and a payload in JSON.
fn jwt(
    header: &[u8],
    payload: &[u8],
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>>,
) -> Result<String> {
    let mut token = URL_SAFE_NO_PAD.encode(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let signature = sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}
