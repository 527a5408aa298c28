// One at a time for each name: who comes while somebody is at it waits for them.

export class Turns {
  #last = new Map();

  /** What `work` answers, begun once all earlier work of this name is over, however it ended. */
  take(name, work) {
    const mine = (this.#last.get(name) ?? Promise.resolve()).then(work, work);
    this.#last.set(name, mine);
    const over = () => this.#last.get(name) === mine && this.#last.delete(name);
    mine.then(over, over);
    return mine;
  }
}
