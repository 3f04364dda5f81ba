//! The kernel that an object is resolved for.

use skep::Error;
use skep::profile::{for_host, from_btf_file, shipped, shipped_list};
use skep_object::KernelProfile;

use crate::args::{BtfFile, KernelArgs};
use crate::output::notice;

/// Finds the profile of the kernel that was asked for; the running one by default.
///
/// # Errors
/// When its types cannot be read, or skep has none for that release.
pub(crate) fn profile(args: &KernelArgs) -> Result<KernelProfile, Error> {
    match (&args.btf, args.kernel) {
        (Some(BtfFile { release: Some(release), path }), _) => from_btf_file(path, release),
        (Some(BtfFile { path, .. }), Some(kernel)) => from_btf_file(path, &kernel.to_string()),
        (Some(BtfFile { path, .. }), None) => Err(Error::input(format!(
            "nothing says which release the types in {} are from",
            path.display()
        ))
        .hint("write it before the file, as in `--btf 6.12.107-amd64=vmlinux.btf`")),
        (None, Some(kernel)) => shipped(kernel).ok_or_else(|| {
            let known: Vec<String> =
                shipped_list().iter().map(|profile| profile.version.to_string()).collect();
            Error::unsupported(format!("skep does not ship the types of Linux {kernel}")).hint(
                format!(
                    "take one of {}, or give the types of that kernel with `--btf {kernel}=FILE`",
                    known.join(", ")
                ),
            )
        }),
        (None, None) => {
            let host = for_host()?;
            if let Some(text) = &host.notice {
                notice(text);
            }
            Ok(host.profile)
        }
    }
}
