//! Attaching, running and letting go of programs: each case is played on the machine and on the running kernel, and
//! every answer must be the same.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cases;
mod kernel;
mod machine;
mod opens;
mod program;
mod software;
mod world;

use world::{Source, Way, World};

/// Plays one case both ways; the answers, one a line.
fn compare(name: &str, way: Way, source: Source, play: &dyn Fn(&mut dyn World)) -> bool {
    let mut kernel = match kernel::Kernel::new(way, source) {
        Ok(kernel) => kernel,
        Err(why) => {
            skep_skip::skipped!("{name} by {way:?}, {source:?}: {why}");
            return false;
        }
    };
    let mut machine = machine::Simulated::new(source);
    play(&mut kernel);
    play(&mut machine);
    let (theirs, ours) = (kernel.answers(), machine.answers());
    assert!(!theirs.is_empty(), "{name} by {way:?}, {source:?} asks nothing");
    assert_eq!(ours, theirs, "{name} by {way:?}, {source:?}: the machine's answers, the kernel's");
    true
}

#[test]
fn the_machine_answers_as_the_running_kernel_in_every_cell() {
    let mut played = 0;
    for (name, play) in cases::CASES {
        for way in Way::ALL {
            played += usize::from(compare(name, way, Source::Writes, &|world| play(world, way)));
        }
    }
    if played > 0 {
        println!("{played} cells of {}", cases::CASES.len() * Way::ALL.len());
    }
}

#[test]
fn the_machine_answers_as_the_running_kernel_for_software_events() {
    let (mut played, mut cells) = (0, 0);
    for (name, play) in software::CASES {
        for source in Source::SOFTWARE {
            for way in [Way::Link, Way::Ioctl] {
                cells += 1;
                played += usize::from(compare(name, way, source, &|w| play(w, way, source)));
            }
        }
    }
    if played > 0 {
        println!("{played} cells of {cells}");
    }
}
