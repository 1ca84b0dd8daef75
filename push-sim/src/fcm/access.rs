//! Who may do what: access tokens, scopes and projects.

use std::collections::BTreeMap;

use super::oauth::Grant;
use super::shared::Shared;
use super::status::{Detail, Status};
use crate::web::{Asked, Verdict};

/// A method of one of Google's services, and what it takes to call it.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) service: &'static str,
    pub(super) method: &'static str,
    pub(super) permission: &'static str,
}

const EXPECTED: &str = "Expected OAuth 2 access token, login cookie or other valid authentication \
     credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.";

impl Shared {
    /// Looks at the access token.
    pub(super) fn authenticate(&self, asked: &Asked, api: &Api) -> Result<Grant, Status> {
        let Some(token) = asked.bearer() else {
            let text = format!("Request is missing required authentication credential. {EXPECTED}");
            let missing = api.info("CREDENTIALS_MISSING");
            return Err(Status::new("UNAUTHENTICATED", text).with(missing));
        };
        let refused = || {
            let text = format!("Request had invalid authentication credentials. {EXPECTED}");
            Status::new("UNAUTHENTICATED", text)
        };
        match self.tokens.look(token) {
            Verdict::Good(grant) => Ok(grant),
            Verdict::Expired => Err(refused().with(api.info("ACCESS_TOKEN_EXPIRED"))),
            Verdict::Unknown => Err(refused()),
        }
    }

    /// Looks at the access token, and whether it is good for this project.
    pub(super) fn admit(&self, asked: &Asked, api: &Api, project: &str) -> Result<(), Status> {
        if self.authenticate(asked, api)? != Grant::Messaging {
            let text = "Request had insufficient authentication scopes.";
            let info = api.info("ACCESS_TOKEN_SCOPE_INSUFFICIENT");
            return Err(Status::new("PERMISSION_DENIED", text).with(info));
        }
        if project == self.account.project_id() || project == self.config.project_number {
            return Ok(());
        }
        let permission = api.permission;
        let text = format!(
            "Permission '{permission}' denied on resource \
             '//cloudresourcemanager.googleapis.com/projects/{project}' (or it may not exist)."
        );
        let metadata = BTreeMap::from([
            ("permission", permission.to_owned()),
            ("resource", format!("projects/{project}")),
        ]);
        Err(Status::new("PERMISSION_DENIED", text).with(Detail::Info {
            reason: "IAM_PERMISSION_DENIED",
            domain: "cloudresourcemanager.googleapis.com",
            metadata,
        }))
    }
}

impl Api {
    fn info(&self, reason: &'static str) -> Detail {
        Detail::Info {
            reason,
            domain: "googleapis.com",
            metadata: BTreeMap::from([
                ("method", self.method.to_owned()),
                ("service", self.service.to_owned()),
            ]),
        }
    }
}
