//! A program without frame pointers that libc's qsort calls back: how many of its stacks reach `main`.

use std::fs;
use std::process::Command;

use super::workload::{build, output, scratch, skep};
use super::{Figure, Outcome};

pub(super) fn measure() -> Outcome {
    let workload = build("callback", &["-fomit-frame-pointer"])?;
    let share = |unwind: &[&str], name: &str| -> Result<f64, String> {
        let folder = scratch()?.join(name);
        output(
            Command::new(skep())
                .args(["profile", "-F", "999"])
                .args(unwind)
                .arg("-o")
                .arg(&folder)
                .arg("--")
                .args([workload.as_os_str(), "5".as_ref()]),
        )?;
        let folded = fs::read_to_string(folder.join("stacks.folded"))
            .map_err(|e| format!("stacks.folded: {e}"))?;
        Ok(share_with_main(&folded))
    };
    let (default, fp) = (share(&[], "callback-auto")?, share(&["--unwind", "fp"], "callback-fp")?);
    Ok(vec![
        Figure {
            what: "stacks of a qsort callback that reach `main`, default unwinding".into(),
            measured: format!("{default:.2} %"),
            bar: "at least 95 %".into(),
            passed: default >= 95.0,
        },
        Figure {
            what: "the same with frame pointers alone".into(),
            measured: format!("{fp:.2} %"),
            bar: "for comparison".into(),
            passed: true,
        },
    ])
}

fn share_with_main(folded: &str) -> f64 {
    let (mut all, mut reached) = (0u64, 0u64);
    for line in folded.lines() {
        let Some((stack, count)) = line.rsplit_once(' ') else { continue };
        let count: u64 = count.parse().unwrap_or(0);
        all += count;
        if stack.split(';').any(|frame| frame == "main") {
            reached += count;
        }
    }
    100.0 * reached as f64 / all.max(1) as f64
}
