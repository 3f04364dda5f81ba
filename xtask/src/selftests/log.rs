//! `cargo xtask selftests --log OBJECT PROGRAM [LEVEL] [TYPE]`: the kernel's log about one program; `--skep-log`:
//! skep's.

use skep_abi::ProgType;
use skep_host::{HostObject, LogBuffer, LogLevel};

use super::judge::possible_cpus;
use super::object::{read, unresolved};
use super::sources::Folders;

/// Who writes the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    /// The running kernel.
    Kernel,
    /// skep.
    Skep,
}

impl Writer {
    /// Whom an option asks.
    pub(crate) fn of_option(option: &str) -> Option<Self> {
        match option {
            "--log" => Some(Self::Kernel),
            "--skep-log" => Some(Self::Skep),
            _ => None,
        }
    }
}

/// Prints what is written at a log level (2 by default: every path).
pub(crate) fn print(folders: &Folders, writer: Writer, args: &[String]) -> Result<(), String> {
    let (object, program, rest) = match args {
        [object, program, rest @ ..] => (object, program, rest),
        _ => return Err("--log takes an object, a program, and perhaps a level and a type".into()),
    };
    let level = rest.first().map_or(Ok(2), |level| level.parse());
    let level = level.map_err(|_| "the level is a number")?;
    let as_type = rest.get(1).map(|name| {
        let found = ProgType::ALL.iter().find(|one| one.name() == name);
        found.copied().ok_or_else(|| format!("{name} is no program type"))
    });
    let as_type = as_type.transpose()?;
    let path = if object.contains('/') {
        object.into()
    } else {
        folders.objects().join(format!("{}.o", object.trim_end_matches(".o")))
    };
    let profile = skep::profile::running().map_err(|e| e.to_string())?;
    let resolved = read(&path, &profile)?;
    let found = resolved.programs.iter().find(|found| found.name == *program).ok_or_else(|| {
        let names: Vec<&str> = resolved.programs.iter().map(|p| p.name.as_str()).collect();
        format!("{} has no program {program}, but {}", path.display(), names.join(", "))
    })?;
    if let Some(reason) = unresolved(found) {
        return Err(reason);
    }
    if writer == Writer::Skep {
        let checker = skep::check::Checker::new(&resolved, &profile).nr_cpu_ids(possible_cpus());
        let options = skep_verifier::Options { log_level: level };
        let report = checker.check_as(found, as_type.unwrap_or(found.prog_type), options);
        print!("{}", report.log.unwrap_or_default());
        println!("{:?}", report.verdict);
        return Ok(());
    }
    let host = HostObject::create(&resolved);
    if let Some(error) = host.btf_error() {
        eprintln!("{error}");
    }
    let mut asked = host.program(found).map_err(|e| e.to_string())?;
    if let Some(as_type) = as_type {
        asked.prog_type = as_type;
        (asked.expected_attach_type, asked.attach_btf_id) = (0, 0);
    }
    let verdict = asked.judge_once(LogLevel(level), &mut LogBuffer::whole());
    print!("{}", verdict.log);
    match verdict.errno {
        None => println!("accepted"),
        Some(errno) => println!("rejected: {errno}"),
    }
    Ok(())
}
