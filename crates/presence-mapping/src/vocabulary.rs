//! The words of Teams: open values over the vocabularies that Microsoft documents.

mod activity;
mod availability;
mod value;

pub use self::activity::{Activity, KnownActivity};
pub(crate) use self::availability::Meaning;
pub use self::availability::{Availability, BaseAvailability, KnownAvailability};
pub use self::value::{Value, Vocabulary};

/// Writes a documented vocabulary once: its enum, its two spellings and its place in [`Vocabulary`].
macro_rules! vocabulary {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $word:ident $pascal:literal $camel:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $word,)+
        }

        impl $name {
            /// Every word of this vocabulary, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$word,)+];

            /// The spelling with a capital first letter, as the API's examples write it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $pascal,)+
                }
            }
        }

        impl $crate::vocabulary::Vocabulary for $name {
            const WORDS: &'static [Self] = Self::ALL;

            fn spellings(self) -> [&'static str; 2] {
                match self {
                    $(Self::$word => [$pascal, $camel],)+
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
use vocabulary;
