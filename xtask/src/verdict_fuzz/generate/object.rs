//! What is acquired and must be released: ring buffer records, dynptrs, kernel objects, locks, timers, kptrs, graphs.

use skep_btf::TypeId;
use skep_isa::opcode as op;

use super::super::world::{Context, map};
use super::{Gen, Later, Val};

impl Gen<'_> {
    /// One of them, with statements while it is held.
    pub(crate) fn object(&mut self) {
        if self.is_locked || self.depth >= 3 {
            return self.scalars();
        }
        match self.rng.below(15) {
            0 | 1 => self.ringbuf_record(),
            2 => self.ringbuf_dynptr(),
            3 => self.memory_dynptr(),
            4 | 5 if self.has_kernel_objects() => self.task(),
            6 if self.has_kernel_objects() => self.cpumask(),
            7 if self.may_lock() => self.spin_lock(),
            8 => self.critical_section(),
            9 if !self.is_tracing() || self.target.sleepable || self.slip() => self.timer(),
            10 if self.has_kernel_objects() => self.kptr(),
            11 => self.allocated(),
            12 if self.may_lock() => self.list(),
            13 if self.is_tracing() || self.slip() => self.walk(),
            _ => self.socket(),
        }
    }

    /// Whether tasks and masks may be acquired.
    fn has_kernel_objects(&mut self) -> bool {
        self.is_tracing() || self.slip()
    }

    /// Whether maps with locks may be used.
    fn may_lock(&mut self) -> bool {
        use skep_abi::ProgType as P;
        matches!(self.target.prog_type, P::SchedCls | P::CgroupSkb | P::Xdp | P::Syscall)
            || self.slip()
    }

    fn ringbuf_record(&mut self) {
        let Some(record) = self.hold() else { return };
        let size = 8 * (1 + self.rng.below(6) as i32);
        self.out.map(1, map::RINGBUF);
        self.out.mov_imm(2, size);
        self.out.mov_imm(3, 0);
        self.out.helper(131);
        self.clobber(Val::None);
        self.out.mov(record, 0);
        let skip = self.null_check(record);
        let off = if self.slip() { size } else { 0 };
        self.out.store_imm(8, record, off, 1);
        self.block();
        if self.slip() {
            // It is lost.
            return self.leave(skip, record);
        }
        self.release(record, 132 + self.rng.clone().below(2) as i32);
        if self.slip() {
            self.out.load(8, 0, record, 0);
        }
        self.leave(skip, record);
    }

    fn release(&mut self, reg: u8, helper: i32) {
        self.out.mov(1, reg);
        if self.slip() {
            self.out.add_imm(1, 8);
        }
        self.out.mov_imm(2, 0);
        self.out.helper(helper);
        self.clobber(Val::None);
        if self.slip() {
            self.out.mov(1, reg);
            self.out.mov_imm(2, 0);
            self.out.helper(helper);
        }
    }

    fn ringbuf_dynptr(&mut self) {
        let Some(off) = self.slots(2) else { return };
        self.out.map(1, map::RINGBUF);
        self.out.mov_imm(2, 64);
        self.out.mov_imm(3, 0);
        self.frame(4, off);
        self.out.helper(198);
        self.clobber(Val::Scalar);
        self.use_dynptr(off);
        if self.slip() {
            self.out.store_imm(8, 10, off, 0);
        }
        if !self.slip() {
            let at = if self.slip() { off + 8 } else { off };
            self.frame(1, at);
            self.out.mov_imm(2, 0);
            let helper = self.rng.pick(&[199, 200]);
            self.out.helper(helper);
            self.clobber(Val::None);
        }
        self.drop_slots(off, 2);
    }

    fn memory_dynptr(&mut self) {
        let Some(off) = self.slots(2) else { return };
        let Some(value) = self.lookup(map::ARRAY) else { return self.drop_slots(off, 2) };
        let skip = self.null_check(value);
        self.out.mov(1, value);
        let size = if self.slip() { 64 } else { 32 };
        self.out.mov_imm(2, size);
        self.out.mov_imm(3, 0);
        self.frame(4, off);
        self.out.helper(197);
        self.clobber(Val::Scalar);
        self.use_dynptr(off);
        self.drop_slots(off, 2);
        self.leave(skip, value);
    }

    fn use_dynptr(&mut self, off: i32) {
        let Some(buffer) = self.slots(1) else { return };
        let off = if self.slip() { off - 8 } else { off };
        match self.rng.below(4) {
            0 => {
                self.frame(1, buffer);
                self.out.mov_imm(2, 8);
                self.frame(3, off);
                self.out.mov_imm(4, 0);
                self.out.mov_imm(5, 0);
                self.out.helper(201);
                self.clobber(Val::Scalar);
            }
            1 => {
                self.out.store_imm(8, 10, buffer, 3);
                self.frame(1, off);
                self.out.mov_imm(2, 0);
                self.frame(3, buffer);
                self.out.mov_imm(4, 8);
                self.out.mov_imm(5, 0);
                self.out.helper(202);
                self.clobber(Val::Scalar);
            }
            2 => {
                self.frame(1, off);
                self.out.mov_imm(2, 0);
                self.out.mov_imm(3, 16);
                self.out.helper(203);
                self.clobber(Val::None);
                let skip = (!self.slip()).then(|| self.out.jump_imm(op::JMP | op::JEQ, 0, 0));
                let at = if self.slip() { 16 } else { 8 };
                self.out.store_imm(8, 0, at, 1);
                if let Some(skip) = skip {
                    self.out.land(skip);
                }
            }
            _ => {
                if let Some(size) = self.world.kfunc("bpf_dynptr_size") {
                    self.frame(1, off);
                    self.out.kfunc(size);
                    self.clobber(Val::Scalar);
                }
            }
        }
        self.drop_slots(buffer, 1);
    }

    /// An object that a kernel function returns and another takes back.
    fn acquired(&mut self, release: &str) {
        let Some(release) = self.world.kfunc(release) else { return };
        self.clobber(Val::None);
        let Some(object) = self.hold() else { return };
        self.out.mov(object, 0);
        let skip = self.null_check(object);
        self.block();
        if self.target.context == Context::Task || self.rng.one_in(3) {
            self.out.load(4, 0, object, 0);
            self.regs[0] = Val::Scalar;
        }
        if !self.slip() {
            self.out.mov(1, object);
            self.out.kfunc(release);
            self.clobber(Val::None);
            if self.slip() {
                self.out.mov(1, object);
                self.out.kfunc(release);
            }
        }
        self.leave(skip, object);
    }

    fn task(&mut self) {
        let Some(from_pid) = self.world.kfunc("bpf_task_from_pid") else { return };
        self.out.mov_imm(1, 1);
        self.out.kfunc(from_pid);
        self.acquired("bpf_task_release");
    }

    fn cpumask(&mut self) {
        let Some(create) = self.world.kfunc("bpf_cpumask_create") else { return };
        self.out.kfunc(create);
        self.acquired("bpf_cpumask_release");
    }

    fn socket(&mut self) {
        if !matches!(self.target.context, Context::Skb(true) | Context::Xdp)
            || self.regs[6] != Val::Ctx
        {
            return self.ringbuf_record();
        }
        let (Some(off), Some(socket)) = (self.slots(2), self.hold()) else { return };
        self.out.store_imm(8, 10, off, 0);
        self.out.store_imm(8, 10, off + 8, 0);
        self.out.mov(1, 6);
        self.frame(2, off);
        self.out.mov_imm(3, 12);
        self.out.wide(4, 0, -1, 0);
        self.out.mov_imm(5, 0);
        let lookup = self.rng.pick(&[84, 85]);
        self.out.helper(lookup);
        self.clobber(Val::None);
        self.out.mov(socket, 0);
        let skip = self.null_check(socket);
        let field = if self.slip() { 200 } else { self.rng.pick(&[0, 4, 8, 12, 16]) };
        self.out.load(4, 0, socket, field);
        self.regs[0] = Val::Scalar;
        self.block();
        if !self.slip() {
            self.release(socket, 86);
        }
        self.drop_slots(off, 2);
        self.leave(skip, socket);
    }

    fn spin_lock(&mut self) {
        let Some(value) = self.lookup(map::LOCKED) else { return };
        let skip = self.null_check(value);
        let at = if self.slip() { 0 } else { 4 };
        let lock = |this: &mut Self, helper| {
            this.out.mov(1, value);
            this.out.add_imm(1, at);
            this.out.helper(helper);
            this.clobber(Val::None);
        };
        lock(self, 93);
        self.is_locked = true;
        self.block();
        let off = if self.slip() { 4 } else { 8 };
        self.out.store_imm(8, value, off, 1);
        self.is_locked = false;
        if !self.slip() {
            lock(self, 94);
        }
        self.leave(skip, value);
    }

    /// RCU read lock, or preemption disabled.
    fn critical_section(&mut self) {
        let (enter, leave) = self.rng.pick(&[
            ("bpf_rcu_read_lock", "bpf_rcu_read_unlock"),
            ("bpf_preempt_disable", "bpf_preempt_enable"),
        ]);
        let (Some(enter), Some(leave)) = (self.world.kfunc(enter), self.world.kfunc(leave)) else {
            return;
        };
        self.out.kfunc(enter);
        self.clobber(Val::None);
        self.block();
        if !self.slip() {
            self.out.kfunc(leave);
            self.clobber(Val::None);
        }
    }

    fn timer(&mut self) {
        let Some(value) = self.lookup(map::TIMERS) else { return };
        let skip = self.null_check(value);
        self.out.mov(1, value);
        let at = if self.slip() { 0 } else { 8 };
        self.out.add_imm(1, at);
        match self.rng.below(3) {
            0 => {
                let which = if self.slip() { map::ARRAY } else { map::TIMERS };
                self.out.map(2, which);
                self.out.mov_imm(3, 1);
                self.out.helper(169);
            }
            1 => {
                let body = self.out.func_later(2);
                self.later.push((body, Later::TimerBody));
                self.needs_types = true;
                self.out.helper(170);
            }
            _ => {
                self.out.mov_imm(2, 1000);
                self.out.mov_imm(3, 0);
                self.out.helper(171);
            }
        }
        self.clobber(Val::Scalar);
        self.leave(skip, value);
    }

    /// Takes a task out of a map, or puts one into it.
    fn kptr(&mut self) {
        let Some(value) = self.lookup(map::KPTRS) else { return };
        let Some(release) = self.world.kfunc("bpf_task_release") else { return };
        let skip = self.null_check(value);
        self.out.mov(1, value);
        if self.slip() {
            self.out.add_imm(1, 8);
        }
        self.out.mov_imm(2, 0);
        self.out.helper(194);
        self.clobber(Val::None);
        let none = (!self.slip()).then(|| self.out.jump_imm(op::JMP | op::JEQ, 0, 0));
        if !self.slip() {
            self.out.mov(1, 0);
            self.out.kfunc(release);
            self.clobber(Val::None);
        }
        if let Some(none) = none {
            self.out.land(none);
        }
        if self.rng.one_in(3) {
            let off = if self.slip() { 0 } else { 16 };
            self.out.load(8, 1, value, off);
        }
        if self.rng.one_in(4) {
            let off = if self.slip() { 0 } else { 8 };
            self.out.store_imm(8, value, off, 0);
        }
        self.leave(skip, value);
    }

    fn new_object(&mut self, ty: TypeId) -> bool {
        let Some(new) = self.world.kfunc("bpf_obj_new_impl") else { return false };
        self.out.wide(1, 0, ty.0 as i32, 0);
        self.out.mov_imm(2, 0);
        self.out.kfunc(new);
        self.needs_types = true;
        true
    }

    fn allocated(&mut self) {
        let ty = self.rng.pick(&[self.world.types.pair, self.world.types.node]);
        if !self.new_object(ty) {
            return;
        }
        let (Some(drop), Some(object)) = (self.world.kfunc("bpf_obj_drop_impl"), self.hold())
        else {
            return;
        };
        self.clobber(Val::None);
        self.out.mov(object, 0);
        let skip = self.null_check(object);
        let off = if self.slip() { 8 } else { 0 };
        self.out.store_imm(8, object, off, 5);
        self.block();
        if !self.slip() {
            self.out.mov(1, object);
            self.out.mov_imm(2, 0);
            self.out.kfunc(drop);
            self.clobber(Val::None);
        }
        self.leave(skip, object);
    }

    /// Puts a node into a list or tree of a map, under its lock.
    fn list(&mut self) {
        let ids =
            ["bpf_list_push_front_impl", "bpf_rbtree_add_impl"].map(|name| self.world.kfunc(name));
        let ([Some(push), Some(add)], Some(value)) = (ids, self.lookup(map::GRAPH)) else { return };
        let skip = self.null_check(value);
        let Some(node) = self.hold() else { return self.leave(skip, value) };
        if !self.new_object(self.world.types.node) {
            return;
        }
        self.clobber(Val::None);
        self.out.mov(node, 0);
        let none = self.null_check(node);
        self.out.mov(1, value);
        let is_locked = !self.slip();
        if is_locked {
            self.out.helper(93);
        }
        let is_tree = self.rng.one_in(2);
        self.out.mov(1, value);
        let head = if is_tree { 24 } else { 8 };
        self.out.add_imm(1, head);
        self.out.mov(2, node);
        let at = if is_tree != self.slip() { 32 } else { 8 };
        self.out.add_imm(2, at);
        if is_tree {
            let less = self.out.func_later(3);
            self.later.push((less, Later::Less));
            self.out.mov_imm(4, 0);
            self.out.mov_imm(5, 0);
            self.out.kfunc(add);
        } else {
            self.out.mov_imm(3, 0);
            self.out.mov_imm(4, 0);
            self.out.kfunc(push);
        }
        self.clobber(Val::None);
        if is_locked {
            self.out.mov(1, value);
            self.out.helper(94);
            self.clobber(Val::None);
        }
        self.leave(none, node);
        self.leave(skip, value);
    }

    /// Follows pointers of the kernel's own types.
    fn walk(&mut self) {
        if self.target.context == Context::Task && self.regs[6] == Val::Ctx && !self.slip() {
            self.out.load(8, 1, 6, 0);
        } else {
            self.out.helper(158);
            self.clobber(Val::None);
            self.out.mov(1, 0);
        }
        self.regs[1] = Val::None;
        for _ in 0..1 + self.rng.below(3) {
            let off = 8 * self.rng.below(200) as i32;
            let off = if self.slip() { 40_000 / 2 } else { off };
            self.out.load(8, 1, 1, off);
        }
        self.regs[0] = Val::None;
    }
}
