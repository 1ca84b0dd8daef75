/// Makes an enum of the words of a service, which may grow: a word that has no name here is kept.
///
/// The entry behind `else` keeps it. A word can have other spellings, which are read and not written.
/// There is a list of all that are known (`KNOWN`), `as_str`, `From<&str>`, serde's traits, and a
/// `Display` that can stand in a line of a log; what stands there for no word at all can be said. The crate
/// that uses it has serde among its dependencies.
///
/// ```
/// push_core::open_enum! {
///     /// Why the service said no.
///     pub enum Reason {
///         /// The device is gone.
///         Gone = "gone",
///         /// It is busy.
///         Busy = "busy" or "overloaded",
///     } else {
///         /// A reason that has no name here.
///         Unknown or "no reason given"
///     }
/// }
///
/// assert_eq!(Reason::from("overloaded"), Reason::Busy);
/// assert_eq!(Reason::from("new").as_str(), "new");
/// assert_eq!(Reason::from("").to_string(), "no reason given");
/// assert_eq!(Reason::KNOWN.len(), 2);
/// ```
#[macro_export]
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$doc:meta])+ $word:ident = $text:literal $(or $other:literal)*,)+
        } else {
            $(#[$kept_doc:meta])+
            $kept:ident $(or $none:literal)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])+ $word,)+
            $(#[$kept_doc])+
            $kept(Box<str>),
        }

        impl $name {
            /// All that have a name here.
            pub const KNOWN: &'static [Self] = &[$(Self::$word,)+];

            /// Its word; of one that has no name here, what was kept.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$word => $text,)+
                    Self::$kept(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($text $(| $other)* => Self::$word,)+
                    _ => Self::$kept(word.into()),
                }
            }
        }

        impl ::std::fmt::Display for $name {
            /// The word; what could disturb a log line is escaped.
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                let word = self.as_str();
                $(if word.is_empty() {
                    return f.write_str($none);
                })?
                $crate::text::Escaped(word).fmt(f)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                let word = <::std::string::String as ::serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self::from(word.as_str()))
            }
        }
    };
}
