//! An answer, ready to be sent by either HTTP.

use std::time::SystemTime;

use super::http2;
use super::site::Told;
use crate::http2::Connection;

/// An answer that has been counted.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// In HTTP/1.1, in place of the usual one.
    pub(super) reason_phrase: Option<&'static str>,
    pub(super) accepted: u64,
}

impl Reply {
    /// To a request with HEAD no body is sent.
    pub(super) fn new(told: Told, accepted: u64, is_head: bool, now: SystemTime) -> Self {
        let mut headers = told.headers;
        if !headers.iter().any(|(name, _)| name == "date") {
            headers.push(("date".to_owned(), httpdate::fmt_http_date(now)));
        }
        let has_body = !is_head && !matches!(told.status, 204 | 304);
        Self {
            status: told.status,
            headers,
            body: if has_body { told.body } else { Vec::new() },
            reason_phrase: told.phrase.text(),
            accepted,
        }
    }
}

impl http2::Reply for Reply {
    fn status(&self) -> u16 {
        self.status
    }

    fn accepted(&self) -> u64 {
        self.accepted
    }

    fn send(&self, http2: &mut Connection, stream: u32) {
        let fields: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        http2.respond(stream, self.status, &fields, &self.body);
    }
}
