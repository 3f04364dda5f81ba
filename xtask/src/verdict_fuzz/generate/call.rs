//! Calls of helpers and kernel functions that acquire nothing.

use skep_isa::opcode as op;

use super::super::world::{Context, map};
use super::{Gen, Val};

/// Helpers without arguments.
const PLAIN: &[i32] = &[5, 7, 8, 5, 7, 8, 118, 125, 208];
/// The same for tracing programs, and some that others may not call.
const TRACING: &[i32] = &[14, 15, 35, 80, 42];

impl Gen<'_> {
    /// One call.
    pub(crate) fn call(&mut self) {
        if self.is_locked && !self.slip() {
            return self.scalars();
        }
        if self.slip() {
            return self.wrong_call();
        }
        match self.rng.below(12) {
            0..=2 => {
                let tracing = self.rng.one_in(3) && self.is_tracing();
                let id = self.rng.pick(if tracing { TRACING } else { PLAIN });
                self.out.helper(id);
                self.clobber(Val::Scalar);
            }
            3 => self.comm(),
            4 => self.probe_read(),
            5 => self.map_update(),
            6 => self.map_delete(),
            7 => self.queue(),
            8 => self.ringbuf_output(),
            9 => self.packet_bytes(),
            10 => self.text(),
            _ => self.events(),
        }
        if self.regs[0] == Val::Scalar && self.rng.one_in(3) {
            let keep = self.free();
            self.out.mov(keep, 0);
            self.regs[keep as usize] = Val::Scalar;
        }
    }

    /// A call that is likely to be refused.
    fn wrong_call(&mut self) {
        match self.rng.below(6) {
            0 => self.out.helper(self.rng.clone().pick(&[0, 9999, -1, 300])),
            1 => {
                let id = self.rng.range(1, 212) as i32;
                self.out.helper(id);
            }
            2 => self.out.kfunc(1),
            3 => {
                let names = [
                    "bpf_cpumask_empty",
                    "bpf_task_release",
                    "bpf_rcu_read_unlock",
                    "bpf_dynptr_size",
                ];
                let id = self.world.kfunc(self.rng.pick(&names)).unwrap_or(0);
                self.out.kfunc(id);
            }
            4 => {
                // The wrong map.
                let which = self.rng.below(self.world.maps.len());
                self.out.map(1, which);
                self.frame(2, -16);
                self.frame(3, -32);
                self.out.mov_imm(4, 0);
                self.out.helper(self.rng.clone().pick(&[1, 2, 3, 12, 87, 88, 130, 195, 27]));
            }
            _ => {
                self.out.raw(op::JMP | op::CALL, 1, 0, 0, 7);
            }
        }
        self.clobber(Val::Scalar);
    }

    /// `r1 = stack`, `r2 = its size`.
    fn buffer(&mut self, address: u8, size: u8) -> Option<(i32, usize)> {
        let words = 1 + self.rng.below(3);
        let off = self.slots(words)?;
        let len = 8 * words as i32;
        let at = if self.slip() { self.rng.pick(&[-516, 0, off + 4]) } else { off };
        self.frame(address, at);
        let len = if self.slip() { self.rng.pick(&[0, -1, 600, len + 8]) } else { len };
        if self.rng.one_in(4) {
            self.bounded(size, 7);
            if self.rng.one_in(2) {
                self.out.add_imm(size, 1);
            }
            // The bound may have been made by a call.
            self.frame(address, at);
        } else {
            self.out.mov_imm(size, len);
        }
        Some((off, words))
    }

    fn comm(&mut self) {
        let Some((off, words)) = self.buffer(1, 2) else { return };
        self.out.helper(16);
        self.clobber(Val::Scalar);
        self.drop_slots(off, words);
    }

    fn probe_read(&mut self) {
        let Some((off, words)) = self.buffer(1, 2) else { return };
        self.out.mov_imm(3, 0);
        let id = self.rng.pick(&[113, 112, 115, 114]);
        self.out.helper(id);
        self.clobber(Val::Scalar);
        self.drop_slots(off, words);
    }

    fn key_and_value(&mut self, which: usize) -> Option<(i32, usize)> {
        let map = &self.world.maps[which];
        let words = map.key_size.div_ceil(8) as usize;
        let value_words = map.value_size.div_ceil(8) as usize;
        let off = self.slots(words + value_words)?;
        self.out.store_imm(8, 10, off, 1);
        self.out.map(1, which);
        self.frame(2, off);
        self.frame(3, off + 8 * words as i32);
        Some((off, words + value_words))
    }

    fn map_update(&mut self) {
        let which = self.rng.pick(&[map::ARRAY, map::HASH, map::LRU, map::PERCPU_ARRAY, map::LPM]);
        let which = if self.target.sleepable && which == map::LPM { map::HASH } else { which };
        let which = if self.slip() {
            self.rng.pick(&[map::CONSTANTS, map::RINGBUF, map::LOCKED])
        } else {
            which
        };
        let Some((off, words)) = self.key_and_value(which) else { return };
        if self.slip() {
            self.out.mov(3, 2);
            self.out.add_imm(3, 400);
        }
        let flags = self.rng.below(3) as i32;
        self.out.mov_imm(4, flags);
        self.out.helper(2);
        self.clobber(Val::Scalar);
        self.drop_slots(off, words);
    }

    fn map_delete(&mut self) {
        let which = self.rng.pick(&[map::HASH, map::LRU]);
        let Some((off, words)) = self.key_and_value(which) else { return };
        self.out.helper(3);
        self.clobber(Val::Scalar);
        self.drop_slots(off, words);
    }

    fn queue(&mut self) {
        if self.target.sleepable && !self.slip() {
            return;
        }
        let Some(off) = self.slots(2) else { return };
        self.out.map(1, map::QUEUE);
        self.frame(2, off);
        self.out.mov_imm(3, 0);
        let id = self.rng.pick(&[87, 88, 89]);
        if id == 87 {
            self.out.store_imm(8, 2, 0, 3);
            self.out.store_imm(8, 2, 8, 4);
        }
        self.out.helper(id);
        self.clobber(Val::Scalar);
        self.drop_slots(off, 2);
    }

    fn ringbuf_output(&mut self) {
        let Some((off, words)) = self.buffer(2, 3) else { return };
        self.out.map(1, map::RINGBUF);
        self.out.mov_imm(4, 0);
        self.out.helper(130);
        self.clobber(Val::Scalar);
        self.drop_slots(off, words);
    }

    /// `bpf_skb_load_bytes`, or what reads memory in other programs.
    fn packet_bytes(&mut self) {
        if !matches!(self.target.context, Context::Skb(_)) || self.regs[6] != Val::Ctx {
            return self.probe_read();
        }
        let Some((off, words)) = self.buffer(3, 4) else { return };
        self.out.mov(1, 6);
        let at = self.rng.range(0, 20) as i32;
        self.out.mov_imm(2, at);
        self.out.helper(26);
        self.clobber(Val::Scalar);
        self.drop_slots(off, words);
    }

    /// `bpf_strncmp` and `bpf_strtol` with constant strings.
    fn text(&mut self) {
        let Some(off) = self.slots(2) else { return };
        self.out.store_imm(8, 10, off, 0x31);
        self.out.store_imm(8, 10, off + 8, 0);
        self.frame(1, off);
        self.out.mov_imm(2, 8);
        if self.rng.one_in(2) {
            self.out.mov_imm(3, 0);
            self.frame(4, off + 8);
            self.out.helper(105);
        } else {
            let constant = if self.slip() { map::ARRAY } else { map::CONSTANTS };
            self.out.map_value(3, constant, 0);
            self.out.helper(182);
        }
        self.clobber(Val::Scalar);
        self.drop_slots(off, 2);
    }

    /// `bpf_perf_event_output`, `bpf_get_stackid`, `bpf_tail_call`.
    fn events(&mut self) {
        if self.regs[6] != Val::Ctx {
            return;
        }
        let choice = self.rng.below(3);
        if choice == 0 {
            if self.target.sleepable && !self.slip() {
                return;
            }
            self.out.mov(1, 6);
            self.out.map(2, map::PROGS);
            let index = self.rng.below(6) as i32;
            self.out.mov_imm(3, index);
            self.out.helper(12);
        } else if choice == 1 && self.is_tracing() {
            self.out.mov(1, 6);
            self.out.map(2, map::STACKS);
            self.out.mov_imm(3, 0);
            self.out.helper(27);
        } else {
            let Some((off, words)) = self.buffer(4, 5) else { return };
            self.out.mov(1, 6);
            self.out.map(2, map::EVENTS);
            self.out.wide(3, 0, -1, 0);
            self.out.helper(25);
            self.drop_slots(off, words);
        }
        self.clobber(Val::Scalar);
    }
}
