//! Attributes and signatures that do not compile, as doctests: each differs in one word from the first, which does.
//!
//! Names that the expansion only passes on are refused by the compiler where they stand; what the macro refuses
//! itself is in `tests.rs` with its words.

/// Accepted: the ones below differ in one word.
///
/// ```
/// include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/support.rs"));
/// struct X;
/// #[skep_macros::calls(since = "5.8", avail { BASE, Kprobe })]
/// impl X {
///     /// Does it.
///     #[kfunc(flags { "6.3": RCU }, effect = RcuLock)]
///     fn bpf_x(_k: &mut Kernel, _arg: u32) -> u32 { Default::default() }
/// }
/// fn main() { assert_eq!((X::CALLS[0].run)(&mut Kernel, [0; 5]), 0); }
/// ```
struct Accepted;

/// A flag that the kernel does not have.
///
/// ```compile_fail,E0599
/// include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/support.rs"));
/// struct X;
/// #[skep_macros::calls(since = "5.8", avail { BASE, Kprobe })]
/// impl X {
///     /// Does it.
///     #[kfunc(flags { "6.3": NO_SUCH_FLAG }, effect = RcuLock)]
///     fn bpf_x(_k: &mut Kernel, _arg: u32) -> u32 { Default::default() }
/// }
/// fn main() { assert_eq!((X::CALLS[0].run)(&mut Kernel, [0; 5]), 0); }
/// ```
struct Flag;

/// A program type that the kernel does not have.
///
/// ```compile_fail,E0599
/// include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/support.rs"));
/// struct X;
/// #[skep_macros::calls(since = "5.8", avail { BASE, NoSuchType })]
/// impl X {
///     /// Does it.
///     #[kfunc(flags { "6.3": RCU }, effect = RcuLock)]
///     fn bpf_x(_k: &mut Kernel, _arg: u32) -> u32 { Default::default() }
/// }
/// fn main() { assert_eq!((X::CALLS[0].run)(&mut Kernel, [0; 5]), 0); }
/// ```
struct ProgType;

/// A set of program types that nobody named.
///
/// ```compile_fail,E0425
/// include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/support.rs"));
/// struct X;
/// #[skep_macros::calls(since = "5.8", avail { NO_SUCH_SET, Kprobe })]
/// impl X {
///     /// Does it.
///     #[kfunc(flags { "6.3": RCU }, effect = RcuLock)]
///     fn bpf_x(_k: &mut Kernel, _arg: u32) -> u32 { Default::default() }
/// }
/// fn main() { assert_eq!((X::CALLS[0].run)(&mut Kernel, [0; 5]), 0); }
/// ```
struct ProgSet;

/// An effect that no verifier knows.
///
/// ```compile_fail,E0599
/// include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/support.rs"));
/// struct X;
/// #[skep_macros::calls(since = "5.8", avail { BASE, Kprobe })]
/// impl X {
///     /// Does it.
///     #[kfunc(flags { "6.3": RCU }, effect = NoSuchEffect)]
///     fn bpf_x(_k: &mut Kernel, _arg: u32) -> u32 { Default::default() }
/// }
/// fn main() { assert_eq!((X::CALLS[0].run)(&mut Kernel, [0; 5]), 0); }
/// ```
struct Effect;

/// An argument that no register carries.
///
/// ```compile_fail,E0277
/// include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/support.rs"));
/// struct X;
/// #[skep_macros::calls(since = "5.8", avail { BASE, Kprobe })]
/// impl X {
///     /// Does it.
///     #[kfunc(flags { "6.3": RCU }, effect = RcuLock)]
///     fn bpf_x(_k: &mut Kernel, _arg: String) -> u32 { Default::default() }
/// }
/// fn main() { assert_eq!((X::CALLS[0].run)(&mut Kernel, [0; 5]), 0); }
/// ```
struct Argument;

/// A result that R0 does not carry.
///
/// ```compile_fail,E0277
/// include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/support.rs"));
/// struct X;
/// #[skep_macros::calls(since = "5.8", avail { BASE, Kprobe })]
/// impl X {
///     /// Does it.
///     #[kfunc(flags { "6.3": RCU }, effect = RcuLock)]
///     fn bpf_x(_k: &mut Kernel, _arg: u32) -> String { Default::default() }
/// }
/// fn main() { assert_eq!((X::CALLS[0].run)(&mut Kernel, [0; 5]), 0); }
/// ```
struct Result;

/// A malformed release.
///
/// ```compile_fail
/// include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/support.rs"));
/// struct X;
/// #[skep_macros::calls(since = "5.8", avail { BASE, Kprobe })]
/// impl X {
///     /// Does it.
///     #[kfunc(flags { "6": RCU }, effect = RcuLock)]
///     fn bpf_x(_k: &mut Kernel, _arg: u32) -> u32 { Default::default() }
/// }
/// fn main() { assert_eq!((X::CALLS[0].run)(&mut Kernel, [0; 5]), 0); }
/// ```
struct Release;

/// No doc comment.
///
/// ```compile_fail
/// include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/support.rs"));
/// struct X;
/// #[skep_macros::calls(since = "5.8", avail { BASE, Kprobe })]
/// impl X {
///     // Does it.
///     #[kfunc(flags { "6.3": RCU }, effect = RcuLock)]
///     fn bpf_x(_k: &mut Kernel, _arg: u32) -> u32 { Default::default() }
/// }
/// fn main() { assert_eq!((X::CALLS[0].run)(&mut Kernel, [0; 5]), 0); }
/// ```
struct Doc;
