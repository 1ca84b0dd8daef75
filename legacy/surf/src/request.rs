use std::net::IpAddr;
use std::str::FromStr;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, Uri};
use push_core::{Error, ErrorKind, Result};
use surf::Url;
use surf::http::Method as SurfMethod;
use surf::http::headers::{HeaderName, HeaderValue};

/// The same request in the types of http-types, or why there is none.
pub(crate) fn convert(request: Request<Bytes>) -> Result<surf::Request> {
    let (parts, body) = request.into_parts();
    let method = method(&parts.method)?;
    let url = url(&parts.uri)?;
    let mut converted = surf::http::Request::new(method, url);
    if !body.is_empty() {
        converted.set_body(Vec::from(body));
        // It comes with the body, and is not the caller's.
        converted.remove_header(CONTENT_TYPE.as_str());
    }
    headers(&parts.headers, &mut converted)?;
    Ok(converted.into())
}

fn method(method: &Method) -> Result<SurfMethod> {
    let known = SurfMethod::from_str(method.as_str()).ok();
    known
        // It knows them in lower case too, and sends them in upper case.
        .filter(|known| known.as_ref() == method.as_str() && *known != SurfMethod::Connect)
        .ok_or_else(|| cannot_send(format!("surf does not know the method {method}")))
}

/// The URI as it is: a URL is one that was put in order, and where that changes it, it is another.
fn url(uri: &Uri) -> Result<Url> {
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(cannot_send("the URI is not absolute"));
    };
    if scheme != "http" && scheme != "https" {
        return Err(cannot_send(format!("the URI's scheme is {scheme}")));
    }
    if authority.as_str().contains('@') {
        return Err(cannot_send("the URI has a user in it"));
    }
    let url = Url::parse(&uri.to_string()).map_err(|error| {
        cannot_send(format!("the URI's host or port is none: {:?}", uri.host())).with_source(error)
    })?;
    let host = uri.host().unwrap_or_default();
    if !same_host(host, url.host_str().unwrap_or_default()) {
        return Err(cannot_send(format!(
            "surf would take the host {host:?} for another"
        )));
    }
    let same_port = uri.port_u16().or_else(|| default_port(scheme)) == url.port_or_known_default();
    if !same_port || url.path() != uri.path() || url.query() != uri.query() {
        return Err(cannot_send("surf would change the path of the URI"));
    }
    Ok(url)
}

fn default_port(scheme: &str) -> Option<u16> {
    Some(if scheme == "https" { 443 } else { 80 })
}

/// Names without regard to case, addresses without regard to how they are written.
fn same_host(one: &str, other: &str) -> bool {
    let address = |host: &str| host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    one.eq_ignore_ascii_case(other) || (address(one).is_some() && address(one) == address(other))
}

fn headers(headers: &HeaderMap, converted: &mut surf::http::Request) -> Result<()> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return Err(cannot_send("surf decides on the Transfer-Encoding"));
    }
    let length = converted.len().unwrap_or_default().to_string();
    for (name, value) in headers {
        if name == CONTENT_LENGTH {
            if value.as_bytes() != length.as_bytes() {
                return Err(cannot_send("the Content-Length is not that of the body"));
            }
            continue;
        }
        let ascii = HeaderValue::from_bytes(value.as_bytes().to_vec()).ok();
        let (Some(value), Ok(surf_name)) = (ascii, HeaderName::from_str(name.as_str())) else {
            let message = format!("surf can't send the header {name}: it is not ASCII");
            return Err(cannot_send(message));
        };
        converted.append_header(surf_name, value);
    }
    Ok(())
}

fn cannot_send(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidMessage, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str) -> http::request::Builder {
        Request::post(uri)
    }

    fn refused(request: http::request::Builder) -> Error {
        let error = convert(request.body(Bytes::new()).unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidMessage);
        error
    }

    #[test]
    fn a_uri_goes_out_as_it_is() {
        let uris = [
            "https://fcm.googleapis.com/v1/projects/a/messages:send",
            "https://db3p.notify.windows.com/?token=AQE%2bAbc%3d%3D&x=%20",
            "http://127.0.0.1:8080/",
            "http://127.0.0.1:8080",
            "http://[::1]:8080/a//b/./?",
            "http://[0:0:0:0:0:0:0:1]/",
            "https://EXAMPLE.com:443/A",
            "http://example.com:80/",
            "https://example.com:80/",
        ];
        for text in uris {
            let uri: Uri = text.parse().unwrap();
            let Ok(converted) = convert(request(text).body(Bytes::new()).unwrap()) else {
                // Dots are taken out of a path, which makes it another.
                assert!(text.contains("/./"), "{text}");
                continue;
            };
            let url = converted.url();
            assert_eq!((url.path(), url.query()), (uri.path(), uri.query()));
        }
    }

    #[test]
    fn a_uri_that_would_become_another_is_refused_and_not_shown() {
        let uris = [
            "/path/only",
            "ftp://example.com/",
            "https://user:secret@example.com/",
            "https://user@example.com/",
            "http://0x7f.1/",
            "http://2130706433/",
            "http://ex%61mple.com/",
            "http://example.com/secret/../b",
            "http://example.com/%2e%2e/secret",
            "http://example.com/secret\"quote",
            "http://example.com:99999/secret",
            "http://exa|mple.com/secret",
            "example.com:443",
            "*",
        ];
        for text in uris {
            let Ok(uri) = text.parse::<Uri>() else {
                continue;
            };
            let error = refused(Request::post(uri));
            assert!(!error.report().contains("secret"), "{}", error.report());
        }
    }

    #[test]
    fn methods_that_are_not_known_are_refused() {
        for method in ["get", "BREW", "CONNECT", "M-SEARCH"] {
            refused(request("http://example.com/").method(method));
        }
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let request = request("http://example.com/").method(method);
            let converted = convert(request.body(Bytes::new()).unwrap()).unwrap();
            assert_eq!(converted.method().as_ref(), method);
        }
    }

    #[test]
    fn headers_go_out_as_given_in_their_order_and_no_others() {
        let request = request("http://example.com/")
            .header("x-twice", "one")
            .header("other", "")
            .header("X-Twice", "two")
            .header("authorization", "Bearer ~tab\there")
            .header("content-length", "5")
            .body(Bytes::from_static(b"hello"))
            .unwrap();
        let converted = convert(request).unwrap();
        let twice = converted.header("x-twice").unwrap();
        let twice: Vec<_> = twice.iter().map(HeaderValue::as_str).collect();
        assert_eq!(twice, ["one", "two"]);
        assert_eq!(converted.header("other").unwrap().as_str(), "");
        let authorization = converted.header("authorization").unwrap();
        assert_eq!(authorization.as_str(), "Bearer ~tab\there");
        assert!(converted.header("content-type").is_none());
        assert_eq!(converted.header_names().count(), 3);
    }

    #[test]
    fn headers_that_can_not_go_out_are_refused_and_not_shown() {
        let latin = http::HeaderValue::from_bytes(b"secret caf\xe9").unwrap();
        let utf8 = http::HeaderValue::from_bytes("secret café".as_bytes()).unwrap();
        for value in [latin, utf8] {
            let error = refused(request("http://example.com/").header("x-name", value));
            assert!(error.to_string().contains("x-name"), "{error}");
            assert!(!error.report().contains("secret"), "{error}");
        }
        refused(request("http://example.com/").header("transfer-encoding", "chunked"));
        refused(request("http://example.com/").header("content-length", "1"));
    }
}
