//! The three functions as an unprivileged user to whom perf and bpf are refused: ptrace must give the same shares.

use std::process::Command;

use super::workload::{build, json, scratch, shares, skep};
use super::{Figure, Outcome};

/// `nobody` on Debian.
const UNPRIVILEGED: &str = "65534";

pub(super) fn measure() -> Outcome {
    let (workload, refuse) = (build("three", &[])?, build("refuse", &[])?);
    let folder = scratch()?.join("refused");
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    std::os::unix::fs::chown(&folder, Some(65534), Some(65534)).map_err(|e| e.to_string())?;
    // The checkout may lie where other users cannot look; what is run must not.
    let binary = scratch()?.join("skep");
    std::fs::copy(skep(), &binary).map_err(|e| format!("copy of skep: {e}"))?;
    let document = json(
        Command::new(refuse)
            .args(["-u", UNPRIVILEGED])
            .arg(&binary)
            .args(["profile", "--json", "-F", "99", "-o"])
            .arg(&folder)
            .arg("--")
            .args([workload.as_os_str(), "20".as_ref()]),
    )?;
    let found = shares(&document, &["half", "third", "fifth"])?;
    let mut figures = vec![Figure {
        what: "source where perf_event_open answers EACCES".into(),
        measured: document["source"].as_str().unwrap_or("none").into(),
        bar: "ptrace".into(),
        passed: document["source"] == "ptrace",
    }];
    for ((name, truth), share) in
        [("half", 50.0), ("third", 30.0), ("fifth", 20.0)].iter().zip(found)
    {
        figures.push(Figure {
            what: format!("`{name}`, true share {truth} %, 99 Hz, 20 s"),
            measured: format!("{share:.1} %"),
            bar: "within 5 points".into(),
            passed: (share - truth).abs() <= 5.0,
        });
    }
    Ok(figures)
}
