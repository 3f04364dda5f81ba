//! `skep dump`: what is in a BPF object.

mod listing;
mod maps;
mod view;

use std::process::ExitCode;

use skep::{Error, ErrorKind};

use self::view::DumpView;
use crate::args::DumpArgs;
use crate::output::Output;
use crate::{kernel, object};

/// Prints an object, resolved for the kernel that was chosen.
///
/// The exit status tells of programs that this kernel cannot have, or of which that is not known.
///
/// # Errors
/// When the object or the kernel's types cannot be read, or when a program is asked for that is not there.
pub(crate) fn execute(args: &DumpArgs, output: &Output) -> Result<ExitCode, Error> {
    let spec = object::open(&args.object)?;
    let profile = kernel::profile(&args.kernel)?;
    let resolved = object::resolve(&args.object, &spec, &profile)?;
    let file = args.object.display().to_string();
    let view = DumpView::new(file, &spec, resolved, &profile, &args.prog)?;
    output.print(&view)?;
    Ok(ExitCode::from(view.refusal().map_or(0, ErrorKind::exit_status)))
}
