use bytes::Bytes;
use futures_util::AsyncReadExt;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use push_core::http::BoundedBody;
use push_core::{Error, ErrorKind, Result};

/// The same answer in the types of `http`, its body read to the end.
pub(crate) async fn read(
    mut answer: surf::Response,
    is_head: bool,
    max_body_bytes: usize,
) -> Result<Response<Bytes>> {
    let status = StatusCode::from_u16(answer.status().into()).map_err(|error| {
        Error::new(ErrorKind::Lost, "the answer's status is none").with_source(error)
    })?;
    if status.is_informational() {
        // async-h1 does not wait for the one that follows.
        let message = format!(
            "surf took the interim answer {} for the last",
            status.as_u16()
        );
        return Err(Error::new(ErrorKind::Lost, message));
    }
    let headers = headers(&answer);
    let has_body = !is_head && !matches!(status.as_u16(), 204 | 304);
    let body = if has_body {
        body(&mut answer, status, &headers, max_body_bytes).await?
    } else {
        Bytes::new()
    };
    let mut converted = Response::new(body);
    *converted.status_mut() = status;
    *converted.headers_mut() = headers;
    Ok(converted)
}

fn headers(answer: &surf::Response) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, values) in answer.iter() {
        let Ok(name) = HeaderName::from_bytes(name.as_str().as_bytes()) else {
            continue;
        };
        for value in values.iter() {
            // What is no value on the wire did not come by it: async-h1 makes up a `Date` with a
            // line end where the server sent none.
            if let Ok(value) = HeaderValue::from_bytes(value.as_str().as_bytes()) {
                headers.append(name.clone(), value);
            }
        }
    }
    headers
}

const CHUNK: usize = 8 * 1024;

async fn body(
    answer: &mut surf::Response,
    status: StatusCode,
    headers: &HeaderMap,
    max_body_bytes: usize,
) -> Result<Bytes> {
    let mut body = BoundedBody::new(status, max_body_bytes);
    let delimited = headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING);
    match answer.len() {
        // Then it ends with the connection, and async-h1 leaves it there.
        Some(0) if !delimited => return Err(body.broken("surf does not read it")),
        Some(length) => body.announce(length as u64)?,
        None => {}
    }
    let mut chunk = vec![0; CHUNK];
    loop {
        match answer.read(&mut chunk).await {
            Ok(0) => return body.finish(),
            Ok(count) => body.push(&chunk[..count])?,
            Err(error) => return Err(body.broken(error)),
        }
    }
}
