import { ApiError } from "@/api/errors";

import { belongs, byNewest } from "@/inbox/order";
import type {
  Changes,
  Counts,
  InboxApi,
  InboxItem,
  Mark,
  Page,
  Push,
  Shown,
  Tab,
} from "@/inbox/types";

const PAGE = 3;

/**
 * The truth that tests compare with: one reader's log kept by the rules of the API, in memory.
 * Each change is appended to `pushes`; whether it reaches anyone is the test's business.
 */
export class FakeServer implements InboxApi {
  readonly items = new Map<number, InboxItem>();
  readonly pushes: Push[] = [];
  readonly asked: string[] = [];
  modseq = 0;
  /** While set, every call is refused with this status. */
  refusing: number | null = null;
  /** How long a question, and then its answer, is on its way. */
  lag: () => Promise<void> = () => Promise.resolve();
  /** `changes` below this number are gone. */
  floor = 0;

  /** Someone does something that the reader is told of. */
  arrive(count = 1): void {
    const since = this.modseq;
    this.#push(
      since,
      Array.from({ length: count }, () => this.#create()),
    );
  }

  change(id: number, mark: Mark | "delete"): InboxItem {
    const item = this.items.get(id);
    if (item === undefined) throw new ApiError(404);
    const since = this.modseq;
    const changed = this.#save({ ...item, ...MARKS[mark] });
    this.#push(since, [changed]);
    return changed;
  }

  /** What the reader was told of is told otherwise. */
  amend(id: number, changes: Pick<InboxItem, "title">): void {
    const item = this.items.get(id);
    if (item === undefined) throw new ApiError(404);
    const since = this.modseq;
    this.#push(since, [this.#save({ ...item, ...changes })]);
  }

  list(tab: Tab): InboxItem[] {
    return [...this.items.values()].filter((item) => belongs(item, tab)).sort(byNewest);
  }

  counts(): Counts {
    const inbox = this.list("all");
    return {
      unread: Math.min(inbox.filter((item) => item.read_at === null).length, 100),
      unseen: Math.min(inbox.filter((item) => item.seen_at === null).length, 100),
    };
  }

  page(tab: Tab, cursor: string | null): Promise<Page> {
    return this.#answer(`page ${tab}`, () => {
      const all = this.list(tab);
      const start = cursor === null ? 0 : all.findIndex((item) => item.id < Number(cursor));
      const results = start < 0 ? [] : all.slice(start, start + PAGE);
      const more = start >= 0 && start + PAGE < all.length;
      const next = more ? String(results.at(-1)?.id) : null;
      return { results, next, modseq: this.modseq, counts: this.counts() };
    });
  }

  changes(since: number): Promise<Changes> {
    return this.#answer(`changes ${since}`, () => {
      if (since < this.floor || since > this.modseq) throw new ApiError(410);
      const changed = [...this.items.values()]
        .filter((item) => item.modseq > since)
        .sort((a, b) => a.modseq - b.modseq);
      const items = changed.slice(0, PAGE);
      const more = changed.length > PAGE;
      const modseq = more ? (items.at(-1)?.modseq ?? 0) : this.modseq;
      return { items, more, modseq, counts: this.counts() };
    });
  }

  mark(id: number, mark: Mark): Promise<InboxItem> {
    return this.#answer(`${mark} ${id}`, () => this.change(id, mark));
  }

  remove(id: number): Promise<unknown> {
    return this.#answer(`delete ${id}`, () => this.change(id, "delete"));
  }

  readAll({ through }: Shown): Promise<Counts> {
    return this.#answer(`read-all ${through}`, () => {
      const since = this.modseq;
      const older = this.list("all").filter((item) => item.id <= through && item.read_at === null);
      this.#push(
        since,
        older.map((item) => this.#save({ ...item, ...MARKS.read })),
      );
      return this.counts();
    });
  }

  seen({ through }: Shown): Promise<Counts> {
    return this.#answer(`seen ${through}`, () => {
      const since = this.modseq;
      const unseen = this.list("all").filter((item) => item.id <= through && item.seen_at === null);
      this.#push(
        since,
        unseen.map((item) => this.#save({ ...item, seen_at: NOW })),
      );
      return this.counts();
    });
  }

  #create(): InboxItem {
    const id = this.items.size + 1;
    return this.#save({
      id,
      type: "post.commented",
      title: `Item ${id}`,
      body: "",
      url: `/post/?id=${id}`,
      actor: null,
      created_at: new Date(Date.UTC(2030, 0, 1) + this.items.size * 1000).toISOString(),
      seen_at: null,
      read_at: null,
      archived_at: null,
      deleted_at: null,
      modseq: 0,
      data: {},
    });
  }

  #save(item: InboxItem): InboxItem {
    this.modseq += 1;
    const saved = { ...item, modseq: this.modseq };
    this.items.set(item.id, saved);
    return saved;
  }

  #push(since: number, items: InboxItem[]): void {
    if (items.length === 0) return;
    this.pushes.push({ since, modseq: this.modseq, items, counts: this.counts() });
  }

  /** The truth of the moment, told a little later: the world moves on while it travels. */
  async #answer<T>(what: string, answer: () => T): Promise<T> {
    this.asked.push(what);
    await this.lag();
    if (this.refusing !== null) throw new ApiError(this.refusing);
    const told = answer();
    await this.lag();
    return told;
  }
}

const NOW = "2030-01-02T00:00:00Z";

const MARKS: Record<Mark | "delete", Partial<InboxItem>> = {
  read: { read_at: NOW, seen_at: NOW },
  unread: { read_at: null },
  archive: { archived_at: NOW },
  unarchive: { archived_at: null },
  delete: { deleted_at: NOW, title: "", body: "", url: "" },
};
