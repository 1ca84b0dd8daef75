//! What elements of the XML have in common: how they are built, stored as JSON and written.

/// Makes an element from the lists of what it needs, of what it holds, and of its attributes: the struct,
/// its JSON, its builder, and how its attributes are written.
///
/// `needs` are members that are always there, and attributes where they have a name after `as`. `holds`
/// are members that are no attributes, with a setter of their own elsewhere. `owns` are attributes that
/// are written from elsewhere.
macro_rules! element {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            needs { $($(#[$need_doc:meta])+ $need:ident $(as $need_wire:literal)?: $need_type:ty,)* }
            holds { $($(#[$held_doc:meta])+ $held:ident $(($with:literal))?: $held_type:ty,)* }
            owns [$($owned:literal),*]
            $($(#[$doc:meta])+ $field:ident as $wire:literal: $kind:ident $(<$of:ty>)?,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[non_exhaustive]
        #[must_use]
        pub struct $name {
            $($(#[$need_doc])+ pub $need: $need_type,)*
            $(
                $(#[$held_doc])+
                #[serde(
                    default,
                    skip_serializing_if = "crate::notification::element::is_default",
                    $(with = $with)?
                )]
                pub $held: $held_type,
            )*
            $(
                $(#[$doc])+
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $field: $crate::notification::element::member!(type $kind $(<$of>)?),
            )*
            /// Attributes that have no field here. What has one can stand here in its place, but not
            /// beside it.
            #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
            pub extra: std::collections::BTreeMap<String, String>,
        }

        impl $name {
            /// What it needs, and nothing more.
            fn bare($($need: $need_type),*) -> Self {
                Self {
                    $($need,)*
                    $($held: Default::default(),)*
                    $($field: None,)*
                    extra: Default::default(),
                }
            }

            $(
                $crate::notification::element::member!(
                    setter [$(#[$doc])+] $field: $kind $(<$of>)?
                );
            )*

            /// Adds an attribute that has no method here.
            pub fn extra(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                self.extra.insert(name.into(), value.into());
                self
            }

            /// The element's start, with all of its attributes after those that it has already.
            pub(in crate::notification) fn tag(
                &self,
                tag: $crate::notification::xml::Tag,
            ) -> $crate::notification::xml::Tag {
                $($(let tag = tag.attribute($need_wire, &self.$need);)?)*
                $(let tag = tag.optional($wire, self.$field.as_ref());)*
                tag.extra(&self.extra)
            }

            /// Looks at the attributes in `extra`.
            pub(in crate::notification) fn check_extra(
                &self,
                at: &mut $crate::notification::checker::Checker,
            ) {
                if self.extra.is_empty() {
                    return;
                }
                #[allow(unused_mut)]
                let mut taken: Vec<&str> = vec![$($owned,)* $($($need_wire,)?)*];
                $(
                    if self.$field.is_some() {
                        taken.push($wire);
                    }
                )*
                at.extra(&self.extra, &taken);
            }
        }
    };
}

/// The type of an attribute of a kind, and the method that sets it.
macro_rules! member {
    (type text) => { Option<String> };
    (type value<$of:ty>) => { Option<$of> };

    (setter [$($doc:tt)+] $field:ident: text) => {
        $($doc)+
        pub fn $field(mut self, $field: impl Into<String>) -> Self {
            self.$field = Some($field.into());
            self
        }
    };
    (setter [$($doc:tt)+] $field:ident: value<$of:ty>) => {
        $($doc)+
        pub fn $field(mut self, $field: $of) -> Self {
            self.$field = Some($field);
            self
        }
    };
}

pub(super) use {element, member};

/// Whether a member is not set, and so left out.
pub(super) fn is_default<T: Default + PartialEq>(member: &T) -> bool {
    *member == T::default()
}
