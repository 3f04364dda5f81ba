//! Why a program is rejected: kinds, and the macro that declares one beside the check that raises it.

mod kinds;
pub(crate) mod log;
mod stop;

pub use kinds::{KINDS, Kind, kind};
pub(crate) use log::Log;
pub(crate) use stop::{Reject, Step, Stop};

/// Declares rejections: a struct of facts each, which turns into a [`Stop`] with the kernel's sentence.
///
/// ```ignore
/// rejections! {
///     /// The program reads stack bytes that it never wrote.
///     ///
///     /// Meaning, in as many words as it takes: `skep explain` prints this.
///     InvalidStackRead("stack-read-uninit", EACCES, help: "initialise the variable") {
///         off: i32, i: i32, size: u32,
///     } => "invalid read from stack off {off}+{i} size {size}";
/// }
/// return Err(InvalidStackRead { off, i, size }.into());
/// ```
///
/// Its example is `examples/rejections/KIND.s`, which tests judge beside the running kernel.
///
/// The text is a format string over the fields; registers print as `R1` when the template says `R{regno}`.
macro_rules! rejections {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident($kind:literal, $errno:ident, help: $help:literal $(,)?) {
            $($field:ident : $ty:ty),* $(,)?
        } => $text:literal;
    )*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Debug)]
            pub(crate) struct $name {
                $(pub(crate) $field: $ty,)*
            }

            impl $name {
                /// Its documentation.
                pub(crate) const KIND: $crate::diag::Kind = $crate::diag::Kind {
                    name: $kind,
                    errno: skep_abi::Errno::$errno,
                    doc: concat!($($doc, "\n",)*),
                    text: $text,
                    help: $help,
                    module: module_path!(),
                    example: include_str!(concat!(
                        env!("CARGO_MANIFEST_DIR"), "/examples/rejections/", $kind, ".s"
                    )),
                };
            }

            impl From<$name> for Box<$crate::diag::Stop> {
                fn from(facts: $name) -> Self {
                    static KIND: $crate::diag::Kind = $name::KIND;
                    let $name { $($field,)* } = facts;
                    $crate::diag::Stop::reject(&KIND, format!($text))
                }
            }
        )*

        /// Every rejection of this file.
        pub(crate) static REJECTIONS: &[$crate::diag::Kind] = &[$($name::KIND,)*];
    };
}
pub(crate) use rejections;
