//! `#[calls]`: turns the `#[helper]` and `#[kfunc]` functions of an `impl` block into catalogue entries.
//!
//! One function with one attribute is the whole declaration of a call: its signature is the prototype of
//! the newest release, its doc comment the documentation, and the attribute says what a signature cannot.
//!
//! ```text
//! #[calls(since = "5.8", avail { BASE })]          // defaults of the block
//! impl Ringbuf {
//!     /// Copies one record into the ring.          // without a doc comment: a compile error
//!     #[helper(130)]
//!     fn bpf_ringbuf_output(k: &mut Kernel<'_, '_>, ring: ConstMap, …) -> Answer<()> { … }
//! }
//! ```
//!
//! | clause | meaning |
//! |---|---|
//! | `130` | a helper's number in the uapi |
//! | `since = "5.8"`, `until = "7.0"` | the release that brought the call, the first one without it |
//! | `avail { BASE, Xdp: "5.10", Kprobe: "5.11".."5.16" }` | who may make it: a program type, or (in capitals) a named set of them out of `crate::prog_set`; without a release, since the call exists; a grant of the block never begins before the call |
//! | `hooks { TRACING, SYSCALL: "6.10" }` | the same for a kfunc, by the hooks that it is registered for, out of `crate::kfunc_hook`; each has its own program types from some release on |
//! | `unsupported [PerfEvent]` | types whose tables list the call, but whose programs are refused for it (`-ENOTSUPP`) |
//! | `flags { "6.3": ACQUIRE \| RET_NULL }` | a kfunc's flags by the release that introduced them; `NONE` for none |
//! | `gpl`, `gpl except [PerfEvent]` | needs a GPL-compatible licence, but for those types |
//! | `sleeps` | only sleepable programs may make it |
//! | `effect = TailCall` | a variant of `skep_abi::Effect` |
//! | `proto { "7.0": older }` | before that release the prototype was that of the function `older` of the same block, which then also runs the call |
//! | `renamed { "7.0": "bpf_obj_new_impl" }` | before that release the call had that name |
//!
//! The expansion names `crate::{Call, CallSet, Older, Arg, Ret, prog_set}` and `::skep_abi`: it serves the
//! crate that holds the catalogue.

use proc_macro::TokenStream;

mod clause;
mod expand;
#[cfg(doctest)]
mod refused;

/// Collects every marked function of the block into `Self::CALLS`; the attribute's clauses are the defaults of the block.
#[proc_macro_attribute]
pub fn calls(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(args.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}
