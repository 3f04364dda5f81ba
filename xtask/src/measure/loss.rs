//! Two busy threads at 4,000 Hz: nothing may be lost, and the program must see every sample.

use std::process::Command;

use super::workload::{build, json, number, root, skep};
use super::{Figure, Outcome};

pub(super) fn measure() -> Outcome {
    let workload = build("threads", &[])?;
    let document = json(
        Command::new(skep())
            .args(["run", "--json", "-F", "4000"])
            .arg(root().join("programs/ips.bpf.o"))
            .arg("--")
            .args([workload.as_os_str(), "10".as_ref(), "2".as_ref()]),
    )?;
    let (samples, lost) = (number(&document, "samples")?, number(&document, "lost")?);
    let runs = number(&document["programs"][0], "runs")?;
    Ok(vec![
        Figure {
            what: "samples lost at 4,000 Hz, two busy threads, 10 s".into(),
            measured: format!("{lost} of {samples}"),
            bar: "0".into(),
            passed: lost == 0.0 && samples > 0.0,
        },
        Figure {
            what: "runs of the program".into(),
            measured: format!("{runs} for {samples} samples"),
            bar: "equal".into(),
            passed: runs == samples,
        },
    ])
}
