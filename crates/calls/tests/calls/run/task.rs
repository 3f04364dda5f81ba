//! The current task and CPU.

use skep_abi::{Addr, Pid};
use skep_btf::{Btf, Kind};
use skep_machine::Width;

use crate::bench::Bench;

const EINVAL: u64 = -22i64 as u64;

#[test]
pub(super) fn ids_are_those_of_the_sampled_thread() {
    let bench = Bench::new();
    assert_eq!(bench.call("bpf_get_current_pid_tgid", []), 300 << 32 | 301);
    assert_eq!(bench.call("bpf_get_current_uid_gid", []), 100 << 32 | 1000);
}

#[test]
fn of_an_unknown_task_only_its_number_is_known() {
    let mut bench = Bench::new();
    bench.task = Pid(9);
    bench.sample = None;
    assert_eq!(bench.call("bpf_get_current_pid_tgid", []), 9 << 32 | 9);
    assert_eq!(bench.call("bpf_get_current_uid_gid", []), EINVAL);
    bench.write(0, &[0xaa; 8]);
    assert_eq!(bench.call("bpf_get_current_comm", [bench.at(0), 4]), EINVAL);
    assert_eq!(bench.read(0, 8), [0, 0, 0, 0, 0xaa, 0xaa, 0xaa, 0xaa]);
}

#[test]
pub(super) fn the_name_is_cut_ended_and_padded() {
    let bench = Bench::new();
    for (size, text) in [
        (1, b"\0".as_slice()),
        (4, b"wor\0"),
        (7, b"worker\0"),
        (16, b"worker\0\0\0\0\0\0\0\0\0\0"),
        (20, b"worker\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    ] {
        bench.write(0, &[0xaa; 24]);
        assert_eq!(bench.call("bpf_get_current_comm", [bench.at(0), size]), 0);
        assert_eq!(bench.read(0, size), text);
        assert_eq!(bench.read(size, 4), [0xaa; 4]);
    }
}

#[test]
fn a_buffer_that_is_not_there_is_a_fault() {
    let bench = Bench::new();
    assert!(bench.fault("bpf_get_current_comm", [0, 16]).contains("null pointer"));
    let text = bench.fault("bpf_get_current_comm", [bench.at(4090), 16]);
    assert!(text.contains("runs past the end of scratch"), "{text}");
}

#[test]
pub(super) fn cpu_and_node_are_those_of_the_run() {
    let mut bench = Bench::new();
    for cpu in 0..2 {
        bench.cpu = skep_abi::Cpu(cpu);
        assert_eq!(bench.call("bpf_get_smp_processor_id", []), u64::from(cpu));
        assert_eq!(bench.call("bpf_get_numa_node_id", []), u64::from(cpu), "a node each");
    }
}

#[test]
pub(super) fn the_task_is_an_object() {
    let without = Bench::new();
    assert_eq!(without.call("bpf_get_current_task", []), 0);
    assert_eq!(without.call("bpf_get_current_task_btf", []), 0);

    let btf = std::fs::read("/sys/kernel/btf/vmlinux").ok().and_then(|raw| Btf::parse(&raw).ok());
    let Some(btf) = btf else {
        skep_skip::skipped!("the rest: no BTF of the running kernel");
        return;
    };
    let bench = Bench::with(|builder| builder.btf(btf));
    let task = bench.call("bpf_get_current_task", []);
    let member = |name: &str| {
        let btf = bench.machine.btf().unwrap();
        let ty = btf.ty(btf.find("task_struct", Kind::Struct).unwrap());
        let found = ty.composite().unwrap().members().find(|member| member.name == name);
        Addr(task + u64::from(found.unwrap().bit_offset / 8))
    };
    let memory = bench.machine.memory();
    assert_eq!(memory.load(member("pid"), Width::W).unwrap(), 301);
    assert_eq!(memory.load(member("tgid"), Width::W).unwrap(), 300);
    assert_eq!(memory.read_cstr(member("comm"), 16).unwrap(), b"worker");
    assert_eq!(bench.call("bpf_get_current_task_btf", []), task);
}
