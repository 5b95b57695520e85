/** A list of numbers, whole ones of 32 bits or any, that grows by half whenever it is full. */
export class Numbers<Values extends Int32Array | Float64Array = Int32Array> {
  values: Values;
  count = 0;

  constructor(private readonly make: (length: number) => Values) {
    this.values = make(4);
  }

  static whole(): Numbers {
    return new Numbers((length) => new Int32Array(length));
  }

  static any(): Numbers<Float64Array> {
    return new Numbers((length) => new Float64Array(length));
  }

  push(value: number): void {
    if (this.count === this.values.length) {
      const larger = this.make(Math.ceil(this.count * 1.5));
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count++] = value;
  }

  /** 0 where there is none. */
  at(place: number): number {
    return this.values[place] ?? 0;
  }
}
