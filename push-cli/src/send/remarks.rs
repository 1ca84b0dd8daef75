//! What is said once, in the end, that is true of many devices.

use crate::exit::complain;

/// Gathers what there is to say.
pub(crate) struct Remarks {
    /// What may be wrong, where all seem gone: `environment` or `project`.
    suspect: &'static str,
    accepted: bool,
    suspicion: Option<String>,
    remark: Option<String>,
}

impl Remarks {
    pub(crate) fn new(suspect: &'static str) -> Self {
        Self {
            suspect,
            accepted: false,
            suspicion: None,
            remark: None,
        }
    }

    /// One was accepted.
    pub(crate) fn accepted(&mut self) {
        self.accepted = true;
    }

    /// One may be only suspected to be gone, and this says so; asked until it does.
    pub(crate) fn suspect(&mut self, suspicion: impl FnOnce() -> Option<String>) {
        if self.suspicion.is_none() {
            self.suspicion = suspicion();
        }
    }

    /// One was not accepted for a reason that others share, and this says so; asked until it does.
    pub(crate) fn remark(&mut self, remark: impl FnOnce() -> Option<String>) {
        if self.remark.is_none() {
            self.remark = remark();
        }
    }

    /// Says it.
    pub(crate) fn make(self) {
        if let Some(remark) = self.remark {
            complain(format_args!("{remark}"));
        }
        match self.suspicion {
            Some(_) if self.accepted => complain(format_args!(
                "the tokens that are told as fix-credentials came before the first one that was \
                 accepted, so the {} may be right: send to them once more",
                self.suspect
            )),
            Some(suspicion) => complain(format_args!("{suspicion}")),
            None => {}
        }
    }
}
