//! The kernel that an object is resolved for.

use skep::Error;
use skep::profile::{for_host, from_btf_file, shipped, shipped_list};
use skep::sample::Target;
use skep::session::Ground;
use skep::topology::kernel_for;
use skep_object::KernelProfile;
use skep_topology::Topology;

use crate::args::{BtfFile, KernelArgs, TopologyArgs};
use crate::output::notice;

/// The kernel that was asked for, fitted to the machine that was declared or recorded, if one was; says what had to be
/// assumed or changed.
///
/// # Errors
/// As [`profile`]; when the machine is none, or does not go with the kernel.
pub(crate) fn profile_on(
    args: &KernelArgs,
    machine: &TopologyArgs,
    target: Option<&Target>,
) -> Result<(KernelProfile, Ground), Error> {
    let profile = profile(args)?;
    if let (Some(Target::Recording(recording)), None, None) = (target, args.kernel, &args.btf)
        && let Some(release) = recording.release().filter(|release| *release != profile.release)
    {
        notice(format!(
            "recorded on Linux {release}; programs are fitted to Linux {}, unless --kernel names another",
            profile.release
        ));
    }
    fit(profile, ground(machine, target)?)
}

/// Refuses a declared machine where the host runs the programs.
///
/// # Errors
/// When both were asked for.
pub(crate) fn check_engine(is_host: bool, machine: &TopologyArgs) -> Result<(), Error> {
    match is_host && machine.topology.is_some() {
        true => {
            Err(Error::input("--topology is of skep's machine, and --engine host has the host's")
                .hint("leave one of them out"))
        }
        false => Ok(()),
    }
}

/// The machine that was declared, if one was.
///
/// # Errors
/// When it is no machine.
fn declared(args: &TopologyArgs) -> Result<Option<Topology>, Error> {
    let Some(spec) = &args.topology else { return Ok(None) };
    let declared = skep::topology::declared(spec)?;
    declared.notes.iter().for_each(notice);
    Ok(Some(declared.topology))
}

/// The machine that samples run on: the declared one, else that of a recording, else the host's.
///
/// # Errors
/// When what was declared, or recorded, is no machine.
pub(crate) fn ground(args: &TopologyArgs, target: Option<&Target>) -> Result<Ground, Error> {
    if let Some(topology) = declared(args)? {
        return Ok(Ground::Declared(topology));
    }
    let Some(Target::Recording(recording)) = target else { return Ok(Ground::Host) };
    let recorded = skep::topology::recorded(recording)?;
    recorded.notes.iter().for_each(notice);
    Ok(Ground::Recorded(recorded.topology))
}

/// Fits a kernel to a machine.
///
/// # Errors
/// When they do not go together.
pub(crate) fn fit(
    profile: KernelProfile,
    ground: Ground,
) -> Result<(KernelProfile, Ground), Error> {
    let Some(machine) = ground.topology() else { return Ok((profile, ground)) };
    let fitted = kernel_for(profile, machine)?;
    fitted.notes.iter().for_each(notice);
    Ok((fitted.profile, ground))
}

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
