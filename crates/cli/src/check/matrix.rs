//! `skep check --matrix`: every program by several kernels.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Map, Value, json};
use skep::check::{CheckedObject, CheckedProgram, Judged, Options, check_object};
use skep::profile::{shipped, shipped_list};
use skep::{Error, ErrorKind};
use skep_abi::KernelVersion;

use super::{gravest, json as document, status};
use crate::args::CheckArgs;
use crate::output::{Output, Progress, Table, View};
use crate::{kernel, object};

/// Verdicts of all objects by all kernels.
#[derive(Debug)]
struct MatrixView {
    /// Release, and the objects as it judges them.
    kernels: Vec<(String, Vec<CheckedObject>)>,
}

/// Judges objects by several kernels.
pub(super) fn execute(
    args: &CheckArgs,
    versions: &[KernelVersion],
    output: &Output,
) -> Result<ExitCode, Error> {
    let known: Vec<KernelVersion> = shipped_list().iter().map(|profile| profile.version).collect();
    let versions = if versions.is_empty() { &known } else { versions };
    let specs = args.objects.iter().map(|path| Ok((path, object::open(path)?)));
    let specs = specs.collect::<Result<Vec<_>, Error>>()?;
    let machine = kernel::ground(&args.machine, None)?;
    let progress = Progress::start(None);
    let mut kernels = Vec::new();
    for version in versions {
        let profile = shipped(*version).ok_or_else(|| {
            let known: Vec<String> = known.iter().map(ToString::to_string).collect();
            Error::unsupported(format!("skep does not ship the types of Linux {version}"))
                .hint(format!("take some of {}", known.join(", ")))
        })?;
        let (profile, _) = kernel::fit(profile, machine.clone())?;
        let mut objects = Vec::new();
        for (path, spec) in &specs {
            let shown = path.display().to_string();
            let resolved = object::resolve(path, spec, &profile)?;
            objects.push(check_object(
                &shown,
                &resolved,
                &profile,
                Options::default(),
                |program| args.prog.is_empty() || args.prog.contains(&program.name),
                |program| progress.checking(&shown, &program.name),
            ));
        }
        kernels.push((version.to_string(), objects));
    }
    drop(progress);
    let status = gravest(kernels.iter().flat_map(|(_, objects)| objects).filter_map(status));
    output.print(&MatrixView { kernels })?;
    Ok(ExitCode::from(status.map_or(0, ErrorKind::exit_status)))
}

impl MatrixView {
    /// All programs, in the order of the objects.
    fn programs(&self) -> Vec<(&str, &str)> {
        let first = self.kernels.first().map_or(&[][..], |(_, objects)| objects);
        let all = first.iter().flat_map(|object| {
            object.programs.iter().map(|program| (object.object.as_str(), program.name.as_str()))
        });
        all.collect()
    }

    fn program(&self, kernel: usize, object: &str, name: &str) -> Option<&CheckedProgram> {
        let object = self.kernels[kernel].1.iter().find(|known| known.object == object)?;
        object.programs.iter().find(|program| program.name == name)
    }
}

impl View for MatrixView {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let releases = self.kernels.iter().map(|(release, _)| release.clone());
        let mut table = Table::new(["program".to_owned()].into_iter().chain(releases));
        // Reasons by their text, with the kernels that give them.
        let mut reasons: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
        for (object, name) in self.programs() {
            let mut row = vec![name.to_owned()];
            for (at, (release, _)) in self.kernels.iter().enumerate() {
                let Some(program) = self.program(at, object, name) else {
                    row.push("-".to_owned());
                    continue;
                };
                let (cell, reason) = cell(program);
                row.push(cell.to_owned());
                if let Some(reason) = reason {
                    reasons.entry((name.to_owned(), reason)).or_default().push(release);
                }
            }
            table.row(row);
        }
        table.print(out)?;
        if !reasons.is_empty() {
            writeln!(out)?;
        }
        for ((name, reason), releases) in reasons {
            writeln!(out, "  {name} on {}: {reason}", releases.join(", "))?;
        }
        Ok(())
    }

    fn fields(&self) -> Map<String, Value> {
        let kernels: Vec<Value> = self
            .kernels
            .iter()
            .map(|(release, objects)| {
                let objects: Vec<Value> = objects.iter().map(document::object).collect();
                json!({ "kernel": release, "objects": objects })
            })
            .collect();
        Map::from_iter([("matrix".to_owned(), json!(kernels))])
    }
}

fn cell(program: &CheckedProgram) -> (&'static str, Option<String>) {
    match &program.judged {
        Judged::Accepted => ("yes", None),
        Judged::Rejected(finding) => ("no", Some(finding.message.clone())),
        Judged::Unsupported(what) => ("?", Some(format!("skep cannot tell: {what}"))),
    }
}
