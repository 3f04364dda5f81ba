//! Clocks, as `bpf_ktime_get_ns` and `bpf_jiffies64` tell them.

use skep_machine::Clock;

use crate::asm::{EXIT, call, mov, mov_reg, store};
use crate::bpf::KernelProgram;
use crate::progs::SYSCALL;
use crate::setup;

const KTIME_GET_NS: i32 = 5;
const JIFFIES64: i32 = 118;

#[test]
fn jiffies_follow_from_the_monotonic_clock() {
    if setup().is_none() {
        return;
    }
    let insns = [
        mov_reg(6, 1),
        call(KTIME_GET_NS),
        store(6, 0, 0),
        call(JIFFIES64),
        store(6, 8, 0),
        mov(0, 0),
        EXIT,
    ];
    let Ok(program) = KernelProgram::load(SYSCALL.0, SYSCALL.1, &insns) else {
        skep_skip::skipped!("the kernel refuses to load programs");
        return;
    };
    let mut ctx = [0; 2];
    program.run(&mut ctx).unwrap();
    let [now, jiffies] = ctx;
    // Ticks begin a fraction of a second after the clock.
    let is_near = |hz: u32| {
        Clock { hz, ..Clock::default() }.jiffies64(now).abs_diff(jiffies) <= u64::from(hz)
    };
    let fits: Vec<u32> = [100, 250, 300, 1000].into_iter().filter(|hz| is_near(*hz)).collect();
    assert_eq!(fits.len(), 1, "jiffies {jiffies} at {now} ns fit HZ {fits:?}");
}
