//! RCU sections.

use crate::bench::Bench;

#[test]
pub(super) fn sections_change_nothing_that_a_program_sees() {
    let bench = Bench::new();
    let all =
        ["bpf_rcu_read_lock", "bpf_preempt_disable", "bpf_preempt_enable", "bpf_rcu_read_unlock"];
    bench.write(0, &[7; 16]);
    for name in all {
        bench.call(name, []);
        assert_eq!(skep_calls::by_name(name).unwrap().spec.ret, skep_abi::RetType::Void);
    }
    assert_eq!(bench.read(0, 16), [7; 16]);
}
