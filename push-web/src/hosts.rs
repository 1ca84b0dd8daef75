use crate::PushService;

/// The hosts of the push services that browsers are known to use.
pub(crate) const KNOWN: [(&str, PushService); 6] = [
    ("fcm.googleapis.com", PushService::Fcm),
    ("android.googleapis.com", PushService::Fcm),
    ("jmt17.google.com", PushService::Fcm),
    ("*.push.services.mozilla.com", PushService::Mozilla),
    ("*.push.apple.com", PushService::Apple),
    ("*.notify.windows.com", PushService::Wns),
];
