//! Enums of the uapi whose values have a name in bpftool and a release that brought them.

/// Declares such an enum: `Variant = number, "bpftool's name", "release";` after a head with its docs.
macro_rules! uapi_enum {
    ($(#[doc = $head:literal])+ $enum:ident, without $prefix:literal;
     $($(#[doc = $doc:literal])+ $name:ident = $number:literal, $kernel:literal, $since:literal;)*) => {
        $(#[doc = $head])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum $enum {
            $($(#[doc = $doc])+ $name = $number,)*
        }

        impl $enum {
            /// Every kind, in the order of the uapi.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The kind with this uapi number.
            #[must_use]
            pub const fn from_number(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }

            #[doc = concat!("The uapi name without `", $prefix, "`, in lower case, as bpftool prints it.")]
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $kernel,)*
                }
            }

            /// The first release that has this kind.
            #[must_use]
            pub const fn since(self) -> crate::KernelVersion {
                match self {
                    $(Self::$name => crate::KernelVersion::literal($since),)*
                }
            }
        }
    };
}

pub(crate) use uapi_enum;
