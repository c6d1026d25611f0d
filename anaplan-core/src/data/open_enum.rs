//! Enums that the server may extend.

/// Defines an enum of the strings that a server sends, with `Unknown` for all others.
///
/// ```
/// anaplan_core::open_enum! {
///     /// State of a door.
///     pub enum Door {
///         /// Open.
///         Open = "OPEN",
///         /// Shut.
///         Shut = "SHUT",
///     }
/// }
///
/// let door: Door = serde_json::from_str(r#""AJAR""#)?;
/// assert_eq!(door, Door::Unknown("AJAR".into()));
/// assert_eq!(serde_json::to_string(&door)?, r#""AJAR""#);
/// assert_eq!(Door::from("OPEN").as_str(), "OPEN");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
            /// A value that this version of the SDK does not know, as the server wrote it.
            Unknown(String),
        }

        impl $name {
            /// Returns the server's string.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(text) => text,
                }
            }
        }

        impl ::std::convert::From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error>
            where
                S: $crate::__private::serde::Serializer,
            {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
            where
                D: $crate::__private::serde::Deserializer<'de>,
            {
                let text = <::std::borrow::Cow<'de, str> as $crate::__private::serde::Deserialize>
                    ::deserialize(deserializer)?;
                Ok(Self::from(&*text))
            }
        }
    };
}
