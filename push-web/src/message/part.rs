//! What the parts of a declarative message have in common: how they are written down, read and built.

/// Makes a part from the list of its members: the struct, its JSON, its builder.
///
/// Those in `required` are there always; the others can be absent. A member is `name: kind`, or
/// `name as "itsName": kind` where it is spelled otherwise. What has no member is kept in `extra`.
macro_rules! part {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            required { $($(#[$needed_doc:meta])+ $needed_vis:vis $needed:ident: $needed_type:ty,)+ }
            $(
                $(#[$doc:meta])+
                $field:ident $(as $wire:literal)? : $kind:ident $(<$of:ty>)? $(with $with:literal)?,
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[non_exhaustive]
        #[must_use]
        pub struct $name {
            $($(#[$needed_doc])+ $needed_vis $needed: $needed_type,)+
            $(
                $(#[$doc])+
                #[serde(default, skip_serializing_if = "crate::message::part::Absent::is_absent")]
                $(#[serde(rename = $wire)])?
                $(#[serde(deserialize_with = $with)])?
                pub $field: $crate::message::part::member!(type $kind $(<$of>)?),
            )*
            /// What has no field here, written as it is. What has one can't stand beside it here.
            #[serde(flatten)]
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl $name {
            $(
                $crate::message::part::member!(setter [$(#[$doc])+] $field: $kind $(<$of>)?);
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

            /// The members that are set both in their field and in `extra`, as they are spelled.
            pub(super) fn said_twice(&self) -> Vec<&'static str> {
                let mut twice = vec![$(stringify!($needed),)+];
                $(
                    if !$crate::message::part::Absent::is_absent(&self.$field) {
                        let spelled: &[&'static str] = &[$($wire,)? stringify!($field)];
                        twice.extend(spelled.first());
                    }
                )*
                twice.retain(|name| self.extra.contains_key(*name));
                twice
            }
        }
    };
}

/// The type of a member of a kind, and the method that sets it.
macro_rules! member {
    (type text) => { Option<String> };
    (type flag) => { Option<bool> };
    (type count) => { Option<u64> };
    (type json) => { Option<serde_json::Value> };
    (type one<$of:ty>) => { Option<$of> };
    (type many<$of:ty>) => { Vec<$of> };

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
    (setter [$($doc:tt)+] $field:ident: count) => {
        $($doc)+
        pub fn $field(mut self, $field: u64) -> Self {
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
    (setter [$($doc:tt)+] $field:ident: one<$of:ty>) => {
        $($doc)+
        pub fn $field(mut self, $field: impl Into<$of>) -> Self {
            self.$field = Some($field.into());
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
}

pub(super) use {member, part};

/// A member that may be left out.
pub(super) trait Absent {
    fn is_absent(&self) -> bool;
}

impl<T> Absent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T> Absent for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}
