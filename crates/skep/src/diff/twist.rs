//! Machines like the host on which one thing is changed that the kernel has its own of.

use skep_abi::{MapType, Pid};
use skep_machine::memory::{Label, SlabSpec, Window};
use skep_machine::{Machine, MapDef, Task};
use skep_object::KernelProfile;

use crate::Error;
use crate::session::machine_like_host_seeded;

/// Something that the kernel has its own of, changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twist {
    /// The time of each context.
    Clock,
    /// The seed of random numbers.
    Random,
    /// Where maps, kernel objects and contexts lie.
    Addresses,
    /// What processes have in memory.
    UserMemory,
    /// What the event has counted.
    Counter,
    /// What unwritten bytes of the stack hold.
    Stack,
    /// The task that is current.
    Task,
    /// Which thread of an ancestor made its child: the kernel's parent is that thread, `/proc` tells its process.
    Lineage,
}

impl Twist {
    /// Those that bear on samples.
    pub(super) const OF_SAMPLES: [Self; 7] = [
        Self::Clock,
        Self::Random,
        Self::Addresses,
        Self::UserMemory,
        Self::Stack,
        Self::Counter,
        Self::Lineage,
    ];
    /// Those that bear on test runs.
    pub(super) const OF_TEST_RUNS: [Self; 6] =
        [Self::Clock, Self::Random, Self::Addresses, Self::UserMemory, Self::Stack, Self::Task];

    /// In words, after "depends on".
    pub(super) const fn cause(self) -> &'static str {
        match self {
            Self::Clock => "the clock, which goes on while the program runs",
            Self::Random => "random numbers",
            Self::Addresses => "addresses of kernel objects",
            Self::UserMemory => "user memory, which is not recorded",
            Self::Counter => "the event's counter, which goes on while the program runs",
            Self::Stack => "what lay on the stack, which the program did not write",
            Self::Task => "the task that makes the test run",
            Self::Lineage => "which thread of an ancestor made its child, which nothing tells",
        }
    }
}

/// A machine like the host, with the seed or the addresses changed where that is the twist.
pub(super) fn machine(profile: &KernelProfile, twist: Option<Twist>) -> Result<Machine, Error> {
    let seed = if twist == Some(Twist::Random) { 0x5eed } else { 0 };
    let machine = machine_like_host_seeded(profile, seed)?;
    if twist == Some(Twist::Addresses) {
        shift(&machine)?;
    }
    Ok(machine)
}

/// What unwritten bytes of the stack hold.
pub(super) fn uninit_stack_byte(twist: Option<Twist>) -> u8 {
    if twist == Some(Twist::Stack) { 0x5a } else { 0 }
}

/// Takes addresses, so that everything made afterwards has another one.
fn shift(machine: &Machine) -> Result<(), Error> {
    for kind in [MapType::Array, MapType::Hash] {
        let def = MapDef::new("skep_shift", kind, 4, 4096, 64);
        machine.create_map(def).map_err(Error::environment)?;
    }
    // Contexts, packets among them.
    let words = Label::new("gap", "");
    let gap = SlabSpec::new(Window::Contexts, 0x1_2340, 1, words);
    machine.memory().alloc(&gap).map_err(Error::environment)?;
    for number in 0..3 {
        let pid = Pid(u32::MAX - number);
        machine.tasks().insert(Task::new(pid, pid, "skep_shift"));
        let _ = machine.tasks().object(pid);
    }
    Ok(())
}
