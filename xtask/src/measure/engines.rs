//! Both engines on one steady process at once: the same functions by the same shares, the same stacks by the same ids.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::Value;

use super::workload::{build, json, number, root, scratch, shares, skep};
use super::{Figure, Outcome};

/// Functions that are compared.
const TOP: usize = 10;
/// How long both sample: for shares, and for ids.
const SHARES: &str = "120s";
const IDS: &str = "20s";

pub(super) fn measure() -> Outcome {
    let workload = build("three", &["-fno-omit-frame-pointer"])?;
    let mut target = Command::new(workload)
        .arg("3600")
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("the workload: {e}"))?;
    let pid = target.id().to_string();
    let figures = figures(&pid);
    let _ = target.kill();
    let _ = target.wait();
    figures
}

fn figures(pid: &str) -> Outcome {
    let folder = scratch()?.join("engines");
    let profile = |engine: &str| {
        let mut command = Command::new(skep());
        command.args(["profile", "--json", "--engine", engine, "--unwind", "fp"]);
        command.args(["-e", "cpu-clock", "-F", "999", "--duration", SHARES, "-p", pid, "-o"]);
        command.arg(folder.join(engine));
        json(&mut command)
    };
    let [machine, host] = both(profile)?;
    let names = hottest(&machine)?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (ours, theirs) = (shares(&machine, &names)?, shares(&host, &names)?);
    let mut figures = Vec::new();
    for ((name, our), their) in names.iter().zip(ours).zip(theirs) {
        figures.push(Figure {
            what: format!("`{name}`, machine and kernel"),
            measured: format!("{our:.2} % and {their:.2} %"),
            bar: "within 1 point".into(),
            passed: (our - their).abs() <= 1.0,
        });
    }
    let (ours, theirs) = (number(&machine, "samples")?, number(&host, "samples")?);
    figures.push(Figure {
        what: format!("samples in {SHARES}, machine and kernel"),
        measured: format!("{ours} and {theirs}"),
        bar: "within 1 %".into(),
        passed: (ours - theirs).abs() <= ours.max(theirs) / 100.0,
    });
    let object = root().join("programs/stacks.bpf.o");
    let [machine, host] = both(|engine| stacks(engine, &object, pid))?;
    let (machine, host) = (by_id(&machine), by_id(&host));
    let common: Vec<_> =
        machine.iter().filter_map(|(id, stack)| Some((stack, host.get(id)?))).collect();
    let equal = common.iter().filter(|(ours, theirs)| ours == theirs).count();
    figures.push(Figure {
        what: format!(
            "stack ids of both, of {} and {}, that stand for equal stacks",
            machine.len(),
            host.len()
        ),
        measured: format!("{equal} of {}", common.len()),
        bar: "all, and some".into(),
        passed: equal == common.len() && equal > 0,
    });
    Ok(figures)
}

/// Runs with both engines at once, the machine first.
fn both(run: impl Fn(&str) -> Result<Value, String> + Sync) -> Result<[Value; 2], String> {
    thread::scope(|scope| {
        let machine = scope.spawn(|| run("machine"));
        let host = run("host");
        let machine = machine.join().map_err(|_| "a thread panicked".to_owned())?;
        Ok([machine?, host?])
    })
}

fn stacks(engine: &str, object: &Path, pid: &str) -> Result<Value, String> {
    let mut command = Command::new(skep());
    command.args(["run", "--json", "--engine", engine]).arg(object);
    json(command.args(["-e", "cpu-clock", "-F", "999", "--duration", IDS, "-p", pid]))
}

/// The functions that most samples hit.
fn hottest(profile: &Value) -> Result<Vec<String>, String> {
    let functions = profile["functions"].as_array().ok_or("no functions in the document")?;
    let names = functions.iter().filter_map(|function| function["name"].as_str());
    Ok(names.take(TOP).map(str::to_owned).collect())
}

/// The stacks of `stackmap`, frame by frame.
fn by_id(run: &Value) -> BTreeMap<String, &Value> {
    let stacks = run["maps"]["stackmap"].as_array().map(Vec::as_slice).unwrap_or_default();
    stacks.iter().map(|stack| (stack["key"].to_string(), &stack["value"])).collect()
}
