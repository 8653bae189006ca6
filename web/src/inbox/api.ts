import { answer, api } from "@/api/client";

import type { InboxApi } from "./types";

const path = (id: number) => ({ params: { path: { id: String(id) } } });

/** The inbox of whoever is signed in. */
export const inboxApi: InboxApi = {
  page: (state, cursor) => {
    const query = cursor === null ? { state } : { state, cursor };
    return answer(api.GET("/api/hark/inbox/", { params: { query } }));
  },
  changes: (since) => answer(api.GET("/api/hark/inbox/changes/", { params: { query: { since } } })),
  mark: (id, mark) => answer(api.POST(`/api/hark/inbox/{id}/${mark}/`, path(id))),
  remove: (id) => api.DELETE("/api/hark/inbox/{id}/", path(id)),
  readAll: (shown) => answer(api.POST("/api/hark/inbox/read-all/", { body: shown })),
  seen: (shown) => answer(api.POST("/api/hark/inbox/seen/", { body: shown })),
};
