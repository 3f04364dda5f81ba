//! Attaching, running and letting go of programs: each case is played on the machine and on the running kernel, and
//! every answer must be the same.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cases;
mod kernel;
mod machine;
mod opens;
mod program;
mod world;

use world::{Way, World};

/// Plays one case both ways; the answers, one a line.
fn compare(name: &str, way: Way, play: fn(&mut dyn World, Way)) -> bool {
    let mut kernel = match kernel::Kernel::new(way) {
        Ok(kernel) => kernel,
        Err(why) => {
            skep_skip::skipped!("{name} by {way:?}: {why}");
            return false;
        }
    };
    let mut machine = machine::Simulated::new();
    play(&mut kernel, way);
    play(&mut machine, way);
    let (theirs, ours) = (kernel.answers(), machine.answers());
    assert!(!theirs.is_empty(), "{name} by {way:?} asks nothing");
    assert_eq!(ours, theirs, "{name} by {way:?}: the machine's answers, the kernel's");
    true
}

#[test]
fn the_machine_answers_as_the_running_kernel_in_every_cell() {
    let mut played = 0;
    for (name, play) in cases::CASES {
        for way in Way::ALL {
            played += usize::from(compare(name, way, *play));
        }
    }
    if played > 0 {
        println!("{played} cells of {}", cases::CASES.len() * Way::ALL.len());
    }
}
