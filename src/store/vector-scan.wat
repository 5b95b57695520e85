;; Compares one vector with many: see vector-memory.ts, which runs it. Assembled by `npm run assemble`.
(module
  (memory (export "memory") 1)
  ;; Writes the inner product of a query and of each of `count` rows, times the unit of the row and that of the query, to `out`:
  ;; 32-bit floats, as the `units` of the rows are, one after the other. A row is `bytes` whole numbers of 8 bits, the query as many
  ;; of 16; `bytes` is a multiple of 16.
  (func (export "scan") (param $query i32) (param $row i32) (param $count i32) (param $bytes i32) (param $units i32)
    (param $unit f32) (param $out i32)
    (local $at i32) (local $low v128) (local $high v128) (local $values v128) (local $places i32)
    (if (i32.eqz (local.get $count)) (then (return)))
    (loop $rows
      (local.set $low (v128.const i32x4 0 0 0 0))
      (local.set $high (v128.const i32x4 0 0 0 0))
      (local.set $at (i32.const 0))
      (local.set $places (local.get $query))
      (loop $places_left
        (local.set $values (v128.load (i32.add (local.get $row) (local.get $at))))
        (local.set $low (i32x4.add (local.get $low)
          (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_s (local.get $values)) (v128.load (local.get $places)))))
        (local.set $high (i32x4.add (local.get $high)
          (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_s (local.get $values)) (v128.load offset=16 (local.get $places)))))
        (local.set $places (i32.add (local.get $places) (i32.const 32)))
        (br_if $places_left
          (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $bytes))))
      (local.set $low (i32x4.add (local.get $low) (local.get $high)))
      (f32.store (local.get $out)
        (f32.mul
          (f32.mul
            (f32.convert_i32_s
              (i32.add
                (i32.add (i32x4.extract_lane 0 (local.get $low)) (i32x4.extract_lane 1 (local.get $low)))
                (i32.add (i32x4.extract_lane 2 (local.get $low)) (i32x4.extract_lane 3 (local.get $low)))))
            (f32.load (local.get $units)))
          (local.get $unit)))
      (local.set $units (i32.add (local.get $units) (i32.const 4)))
      (local.set $out (i32.add (local.get $out) (i32.const 4)))
      (local.set $row (i32.add (local.get $row) (local.get $bytes)))
      (br_if $rows (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
