/// Gives the error of a service what it has of the [`Failure`](crate::Failure) in its field `failure`:
/// `kind`, `rejection`, `attempts`, `may_have_been_taken`, `retry_after` and `report`, what an error shows of
/// itself, and the way from the core's [`Error`](crate::Error). The verdict the service gives itself, by a method
/// `verdict`; and it says how the failure alone becomes its error, by `From`.
#[macro_export]
macro_rules! failure_methods {
    ($error:ident, $rejection:ty) => {
        impl $error {
            /// Whether the service may have taken the push all the same: the answer to one of the attempts
            /// was lost, or does not say.
            pub fn may_have_been_taken(&self) -> bool {
                self.failure.may_have_been_taken()
            }

            /// The class of this error.
            pub fn kind(&self) -> $crate::ErrorKind {
                self.failure.kind()
            }

            /// The service's answer, if it answered.
            pub fn rejection(&self) -> Option<&$rejection> {
                self.failure.rejection()
            }

            /// How often the request was handed to a connection.
            pub fn attempts(&self) -> u32 {
                self.failure.attempts()
            }

            /// How long to wait before another try, by the service's word, or while nothing is sent there;
            /// `None` where nothing is known about it.
            pub fn retry_after(&self) -> Option<::std::time::Duration> {
                self.failure.retry_after()
            }

            /// This error and all its causes on one line, for people.
            pub fn report(&self) -> String {
                self.failure.report()
            }
        }

        impl $crate::Outcome for $error {
            fn verdict(&self) -> $crate::Verdict {
                Self::verdict(self)
            }
        }

        impl From<$crate::Error> for $error {
            fn from(error: $crate::Error) -> Self {
                $crate::Failure::from(error).into()
            }
        }

        impl ::std::fmt::Display for $error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.failure, f)
            }
        }

        impl ::std::error::Error for $error {
            fn source(&self) -> Option<&(dyn ::std::error::Error + 'static)> {
                ::std::error::Error::source(&self.failure)
            }
        }
    };
}
