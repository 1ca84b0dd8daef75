//! What the parts of a message have in common: how they are written down, read and built.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::wire::{Read, Wire, Written};

/// Makes a part of a message from the list of its members: the struct, its JSON, its builder.
///
/// A member is `name: kind`, with its other spelling in parentheses where it has one
/// (`name ("otherName"): kind`), or as it is spelled where that differs (`name as "x-name": kind`).
/// All of them can be absent; what has no member is kept in `extra`.
macro_rules! config {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $(flatten $(#[$flat_doc:meta])+ $flat:ident ($flat_with:literal): $flat_type:ty,)?
            $(
                $(#[$doc:meta])+
                $field:ident $(($camel:literal))? $(as $wire:literal)? : $kind:ident $(<$of:ty>)?,
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[non_exhaustive]
        #[must_use]
        pub struct $name {
            $(
                $(#[$flat_doc])+
                #[serde(flatten, with = $flat_with)]
                pub $flat: $flat_type,
            )?
            $(
                $(#[$doc])+
                #[serde(
                    default,
                    with = "crate::v1::message::config::field",
                    skip_serializing_if = "crate::v1::message::config::Field::is_absent"
                )]
                $(#[serde(alias = $camel)])?
                $(#[serde(rename = $wire)])?
                pub $field: $crate::v1::message::config::member!(type $kind $(<$of>)?),
            )*
            /// What has no field here, written as it is. What has one can stand here in its place,
            /// but not beside it.
            #[serde(flatten)]
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl $name {
            $(
                $crate::v1::message::config::member!(
                    setter [$(#[$doc])+] $field: $kind $(<$of>)?
                );
            )*

            /// Adds a member that has no method here.
            pub fn extra(
                mut self,
                name: impl Into<String>,
                value: impl Into<serde_json::Value>,
            ) -> Self {
                self.extra.insert(name.into(), value.into());
                self
            }
        }

        impl $crate::v1::message::config::Config for $name {
            fn said_twice(&self) -> Vec<&'static str> {
                #[allow(unused_mut)]
                let mut twice = Vec::new();
                $(
                    if !$crate::v1::message::config::Field::is_absent(&self.$field) {
                        let names: &[&'static str] =
                            &[stringify!($field) $(, $camel)? $(, $wire)?];
                        twice.extend(names.iter().filter(|name| self.extra.contains_key(**name)));
                    }
                )*
                twice
            }
        }
    };
}

/// The type of a member of a kind, and the method that sets it.
macro_rules! member {
    (type text) => { Option<String> };
    (type flag) => { Option<bool> };
    (type number) => { Option<i32> };
    (type real) => { Option<f64> };
    (type duration) => { Option<std::time::Duration> };
    (type time) => { Option<std::time::SystemTime> };
    (type json) => { Option<serde_json::Value> };
    (type object) => { Option<serde_json::Map<String, serde_json::Value>> };
    (type one<$of:ty>) => { Option<$of> };
    (type texts) => { Vec<String> };
    (type durations) => { Vec<std::time::Duration> };
    (type many<$of:ty>) => { Vec<$of> };
    (type data) => { std::collections::BTreeMap<String, String> };
    (type headers) => { std::collections::BTreeMap<String, String> };

    (setter [$($doc:tt)+] $field:ident: text) => {
        $($doc)+
        pub fn $field(mut self, $field: impl Into<String>) -> Self {
            self.$field = Some($field.into());
            self
        }
    };
    (setter [$($doc:tt)+] $field:ident: flag) => {
        $($doc)+
        pub fn $field(mut self, on: bool) -> Self {
            self.$field = Some(on);
            self
        }
    };
    (setter [$($doc:tt)+] $field:ident: number) => {
        $($doc)+
        pub fn $field(mut self, $field: i32) -> Self {
            self.$field = Some($field);
            self
        }
    };
    (setter [$($doc:tt)+] $field:ident: real) => {
        $($doc)+
        pub fn $field(mut self, $field: f64) -> Self {
            self.$field = Some($field);
            self
        }
    };
    (setter [$($doc:tt)+] $field:ident: duration) => {
        $($doc)+
        pub fn $field(mut self, $field: std::time::Duration) -> Self {
            self.$field = Some($field);
            self
        }
    };
    (setter [$($doc:tt)+] $field:ident: time) => {
        $($doc)+
        pub fn $field(mut self, $field: std::time::SystemTime) -> Self {
            self.$field = Some($field);
            self
        }
    };
    (setter [$($doc:tt)+] $field:ident: json) => {
        $($doc)+
        pub fn $field(mut self, $field: impl Into<serde_json::Value>) -> Self {
            self.$field = Some($field.into());
            self
        }
    };
    (setter [$($doc:tt)+] $field:ident: object) => {
        $($doc)+
        pub fn $field(
            mut self,
            $field: serde_json::Map<String, serde_json::Value>,
        ) -> Self {
            self.$field = Some($field);
            self
        }
    };
    (setter [$($doc:tt)+] $field:ident: one<$of:ty>) => {
        $($doc)+
        pub fn $field(mut self, $field: impl Into<$of>) -> Self {
            self.$field = Some($field.into());
            self
        }
    };
    (setter [$($doc:tt)+] $field:ident: texts) => {
        $($doc)+
        pub fn $field<T: Into<String>>(mut self, $field: impl IntoIterator<Item = T>) -> Self {
            self.$field = $field.into_iter().map(Into::into).collect();
            self
        }
    };
    (setter [$($doc:tt)+] $field:ident: durations) => {
        $($doc)+
        pub fn $field(
            mut self,
            $field: impl IntoIterator<Item = std::time::Duration>,
        ) -> Self {
            self.$field = $field.into_iter().collect();
            self
        }
    };
    (setter [$($doc:tt)+] $field:ident: many<$of:ty>) => {
        $($doc)+
        pub fn $field(mut self, $field: impl IntoIterator<Item = $of>) -> Self {
            self.$field = $field.into_iter().collect();
            self
        }
    };
    (setter [$($doc:tt)+] $field:ident: data) => {
        /// Adds a pair to the data; the key must be none of the service's own.
        pub fn $field(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
            self.$field.insert(key.into(), value.into());
            self
        }

        /// Adds the members of a struct or map to the data; all of them have to be texts, or
        /// absent.
        ///
        /// # Errors
        /// All members that are something else.
        pub fn data_from(
            mut self,
            members: &impl serde::Serialize,
        ) -> Result<Self, $crate::v1::message::Invalid> {
            self.$field.extend($crate::v1::message::config::texts_of(members)?);
            Ok(self)
        }
    };
    (setter [$($doc:tt)+] $field:ident: headers) => {
        /// Adds a header.
        pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.$field.insert(name.into(), value.into());
            self
        }
    };
}

pub(super) use {config, member};

/// A part of a message.
pub(super) trait Config {
    /// The members that are set both in their field and in `extra`, as they are spelled there.
    fn said_twice(&self) -> Vec<&'static str>;
}

/// The type of a member of a part.
pub(super) trait Field: Sized {
    /// Whether it is not set, and so left out.
    fn is_absent(&self) -> bool;

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

impl<T: Wire> Field for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(serializer),
            None => serializer.serialize_none(),
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Option::<Read<T>>::deserialize(deserializer)?;
        Ok(read.map(|Read(value)| value))
    }
}

impl<T: Wire> Field for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Written))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Option::<Vec<Read<T>>>::deserialize(deserializer)?;
        Ok(read
            .unwrap_or_default()
            .into_iter()
            .map(|Read(value)| value)
            .collect())
    }
}

impl Field for BTreeMap<String, String> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or_default())
    }
}

/// For serde's `with`.
pub(super) mod field {
    use super::{Deserializer, Field, Serializer};

    pub(in crate::v1::message) fn serialize<T: Field, S: Serializer>(
        field: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        field.write(serializer)
    }

    pub(in crate::v1::message) fn deserialize<'de, T: Field, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        T::read(deserializer)
    }
}

/// Types whose JSON is that of serde.
macro_rules! plain {
    ($($type:ty),* $(,)?) => {$(
        impl $crate::v1::message::wire::Wire for $type {
            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(self, serializer)
            }

            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                serde::Deserialize::deserialize(deserializer)
            }
        }
    )*};
}

pub(super) use plain;

plain!(String, bool, i32, f64, Value, Map<String, Value>);

/// The members of a struct or map, all of which have to be texts.
pub(super) fn texts_of(
    members: &impl Serialize,
) -> Result<BTreeMap<String, String>, super::Invalid> {
    use super::problem::{Fault, Invalid, Problem, kind_of};

    let members = match serde_json::to_value(members) {
        Ok(Value::Object(members)) => members,
        Ok(other) => {
            let given = kind_of(&other);
            return Err(Invalid::one(Problem::new(
                "data",
                Fault::NotAnObject { given },
            )));
        }
        Err(error) => {
            let reason = error.to_string();
            return Err(Invalid::one(Problem::new(
                "data",
                Fault::Unwritable { reason },
            )));
        }
    };
    let mut texts = BTreeMap::new();
    let mut problems = Vec::new();
    for (key, value) in members {
        match value {
            Value::String(text) => {
                texts.insert(key, text);
            }
            Value::Null => {}
            other => problems.push(Problem::new(
                format!("data.{key}"),
                Fault::NotAText {
                    given: kind_of(&other),
                },
            )),
        }
    }
    match problems.is_empty() {
        true => Ok(texts),
        false => Err(Invalid::new(problems)),
    }
}
