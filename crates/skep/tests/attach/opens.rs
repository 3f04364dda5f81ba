//! What `perf_event_open` refuses, on the machine and on the running kernel.

use skep_abi::{Cpu, Errno, Pid};
use skep_host::{PerfEvent as KernelEvent, PerfEventAttr as KernelAttr, Target as KernelTarget};
use skep_machine::perf::{Rate, SampleType, Target};
use skep_machine::{Machine, PerfEventAttr, Task};

/// A thread that no kernel has, and one that exists on both sides.
const NOBODY: u32 = 0x3fff_fff0;

/// Whom an event counts: this thread, nobody, or everybody on a CPU.
#[derive(Clone, Copy, Debug)]
enum Whom {
    Own,
    OwnOn(u32),
    Nobody,
    Cpu(u32),
}

fn kernel_attr(attr: &PerfEventAttr) -> KernelAttr {
    let mut kernel = KernelAttr::default();
    (kernel.type_, kernel.config, kernel.bp_type) = (attr.event_type, attr.config, attr.bp_type);
    kernel.__bindgen_anon_3.bp_addr = attr.config1;
    kernel.__bindgen_anon_4.bp_len = attr.config2;
    match attr.rate {
        Rate::Period(period) => kernel.__bindgen_anon_1.sample_period = period,
        Rate::Frequency(hz) => {
            kernel.set_freq(1);
            kernel.__bindgen_anon_1.sample_freq = hz;
        }
    }
    kernel.sample_type = attr.sample_type.bits();
    if attr.sample_type.contains(SampleType::BRANCH_STACK) {
        // PERF_SAMPLE_BRANCH_ANY
        kernel.branch_sample_type = 1 << 3;
    }
    kernel.set_inherit(attr.inherit.into());
    kernel.set_inherit_thread(attr.inherit_thread.into());
    kernel.set_sigtrap(attr.sigtrap.into());
    kernel.set_remove_on_exec(attr.remove_on_exec.into());
    kernel.set_enable_on_exec(attr.enable_on_exec.into());
    kernel.set_precise_ip(attr.precise_ip.into());
    kernel.set_exclude_kernel(1);
    // Nothing overflows: signals would end the test.
    kernel.set_disabled(1);
    kernel
}

fn kernel(attr: &PerfEventAttr, whom: Whom) -> Option<Errno> {
    let own = rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned();
    let target = match whom {
        Whom::Own => KernelTarget::ThisThread,
        Whom::OwnOn(cpu) => KernelTarget::ThreadOn(own, cpu),
        Whom::Nobody => KernelTarget::Thread(NOBODY),
        Whom::Cpu(cpu) => KernelTarget::Cpu(cpu),
    };
    KernelEvent::open(&kernel_attr(attr), target, None).err().map(|error| error.errno)
}

fn machine(machine: &Machine, attr: &PerfEventAttr, whom: Whom) -> Option<Errno> {
    let own = Target::Task(Pid(1));
    let (target, cpu) = match whom {
        Whom::Own => (own, None),
        Whom::OwnOn(cpu) => (own, Some(Cpu(cpu))),
        Whom::Nobody => (Target::Task(Pid(NOBODY)), None),
        Whom::Cpu(cpu) => (Target::AnyTask, Some(Cpu(cpu))),
    };
    machine.perf_event_open(attr, target, cpu).err()
}

/// Attributes, some of which no kernel takes.
fn attrs() -> Vec<PerfEventAttr> {
    let of = |event_type, config| PerfEventAttr::new(event_type, config, Rate::Period(1));
    let mut attrs: Vec<_> =
        [(1, 0), (1, 1), (1, 2), (1, 9), (1, 10), (1, 11), (1, 12), (1, 1 << 33)]
            .into_iter()
            .chain([(2, 0xffff_ffff), (6, 0), (6, 1), (7, 1), (7, 0), (77, 0), (u32::MAX, 0)])
            .map(|(event_type, config)| of(event_type, config))
            .collect();
    let clock = of(1, 0);
    for rate in [0, 99, 100_000, 100_001, 1 << 63] {
        attrs.push(PerfEventAttr { rate: Rate::Frequency(rate), ..clock.clone() });
        attrs.push(PerfEventAttr { rate: Rate::Period(rate), ..clock.clone() });
    }
    for bits in [1 << 4, 1 << 4 | 1 << 1, 1 << 11, 1 << 40, 1 << 14 | 1 << 24] {
        let sample_type = SampleType::from_bits_retain(bits);
        attrs.push(PerfEventAttr { sample_type, ..clock.clone() });
        attrs.push(PerfEventAttr { sample_type, inherit: true, ..clock.clone() });
    }
    let flags: [fn(&mut PerfEventAttr); 7] = [
        |attr| attr.inherit_thread = true,
        |attr| (attr.inherit, attr.inherit_thread) = (true, true),
        |attr| attr.sigtrap = true,
        |attr| (attr.sigtrap, attr.remove_on_exec) = (true, true),
        |attr| attr.remove_on_exec = true,
        |attr| (attr.remove_on_exec, attr.enable_on_exec) = (true, true),
        |attr| attr.precise_ip = 3,
    ];
    for change in flags {
        let mut attr = clock.clone();
        change(&mut attr);
        attrs.push(attr);
    }
    for bp_type in 0..5 {
        for (config1, config2) in [(0x1000, 8), (0x1001, 8), (0x1001, 1), (0x1000, 3), (0x1000, 0)]
        {
            attrs.push(PerfEventAttr { bp_type, config1, config2, ..of(5, 0) });
        }
    }
    attrs
}

#[test]
fn events_are_refused_with_the_kernels_numbers() {
    if let Some(errno @ (Errno::EACCES | Errno::EPERM)) = kernel(&attrs()[0], Whom::Cpu(0)) {
        skep_skip::skipped!("perf_event_open: {errno}");
        return;
    }
    let simulated = Machine::builder().cpus(2).hardware_events(false).build().unwrap();
    simulated.tasks().insert(Task::new(Pid(1), Pid(1), "own"));
    let mut refused = 0;
    for attr in attrs() {
        for whom in [
            Whom::Own,
            Whom::OwnOn(0),
            Whom::OwnOn(5000),
            Whom::Nobody,
            Whom::Cpu(0),
            Whom::Cpu(5000),
        ] {
            let theirs = kernel(&attr, whom);
            assert_eq!(machine(&simulated, &attr, whom), theirs, "{whom:?}: {attr:?}");
            refused += usize::from(theirs.is_some());
        }
    }
    assert!(refused > 100, "{refused} were refused");
}
